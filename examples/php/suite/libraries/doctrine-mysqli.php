<?php
// A transaction of Doctrine's over mysqli, once rolled back by an exception.
// prints: rolled back 1

require '/usr/share/php/Doctrine/DBAL/autoload.php';

$connection = Doctrine\DBAL\DriverManager::getConnection([
    'driver' => 'mysqli', 'host' => '127.0.0.1', 'port' => (int) getenv('DB_PORT'),
    'user' => 'php', 'password' => 'secret', 'dbname' => 'shop',
]);
$connection->executeStatement('CREATE TEMPORARY TABLE mine (n INT) ENGINE=InnoDB');
$connection->transactional(function ($connection) {
    $connection->insert('mine', ['n' => 1]);
});
try {
    $connection->transactional(function ($connection) {
        $connection->insert('mine', ['n' => 2]);
        throw new RuntimeException('rolled back');
    });
} catch (RuntimeException $error) {
    echo $error->getMessage(), ' ';
}
echo $connection->fetchOne('SELECT COUNT(*) FROM mine'), "\n";
