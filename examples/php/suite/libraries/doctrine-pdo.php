<?php
// Doctrine over PDO: a query builder, and rows from an iterator.
// prints: two three four

require '/usr/share/php/Doctrine/DBAL/autoload.php';

$connection = Doctrine\DBAL\DriverManager::getConnection([
    'driver' => 'pdo_mysql', 'host' => '127.0.0.1', 'port' => (int) getenv('DB_PORT'),
    'user' => 'php', 'password' => 'secret', 'dbname' => 'shop',
]);
$query = $connection->createQueryBuilder()->select('word')->from('words')->where('id > ?')->orderBy('id')->setParameter(0, 1);
echo implode(' ', iterator_to_array($query->executeQuery()->iterateColumn())), "\n";
