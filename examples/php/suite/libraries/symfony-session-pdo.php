<?php
// Symfony's session in a table, through PDO: written, and read by a second session.
// prints: empty
// prints: kept

require '/usr/share/php/Symfony/Component/HttpFoundation/autoload.php';

use Symfony\Component\HttpFoundation\Session\Session;
use Symfony\Component\HttpFoundation\Session\Storage\Handler\PdoSessionHandler;
use Symfony\Component\HttpFoundation\Session\Storage\NativeSessionStorage;

$dsn = 'mysql:host=127.0.0.1;dbname=shop;port=' . getenv('DB_PORT');
$id = null;
ob_start();
foreach ([1, 2] as $visit) {
    $handler = new PdoSessionHandler($dsn, ['db_username' => 'php', 'db_password' => 'secret']);
    $storage = new NativeSessionStorage(['use_cookies' => 0, 'cache_limiter' => '', 'gc_probability' => 0], $handler);
    $session = new Session($storage);
    if ($id !== null) {
        $session->setId($id);
    }
    $session->start();
    $id = $session->getId();
    echo $session->get('word', 'empty'), "\n";
    $session->set('word', 'kept');
    $session->save();
}
ob_end_flush();
