<?php
// The handler is told to destroy what it kept, and to collect what is old.
// prints: gone

require '/usr/share/php/Symfony/Component/HttpFoundation/autoload.php';

use Symfony\Component\HttpFoundation\Session\Storage\Handler\PdoSessionHandler;

$dsn = 'mysql:host=127.0.0.1;dbname=shop;port=' . getenv('DB_PORT');
$id = 'stackswitch' . bin2hex(random_bytes(8));
session_set_save_handler(new PdoSessionHandler($dsn, ['db_username' => 'php', 'db_password' => 'secret']), true);
session_id($id);
session_start(['use_cookies' => 0, 'cache_limiter' => '', 'gc_probability' => 1, 'gc_divisor' => 1]);
$_SESSION['word'] = 'kept';
session_write_close();
session_start();
session_destroy();
$asked = (new PDO($dsn, 'php', 'secret'))->prepare('SELECT COUNT(*) FROM sessions WHERE sess_id = ?');
$asked->execute([$id]);
echo $asked->fetchColumn() ? 'kept' : 'gone', "\n";
