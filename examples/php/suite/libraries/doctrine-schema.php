<?php
// Doctrine looks at the tables, makes one and drops it.
// prints: sessions words made

require '/usr/share/php/Doctrine/DBAL/autoload.php';

$connection = Doctrine\DBAL\DriverManager::getConnection([
    'driver' => 'mysqli', 'host' => '127.0.0.1', 'port' => (int) getenv('DB_PORT'),
    'user' => 'php', 'password' => 'secret', 'dbname' => 'shop',
]);
$manager = $connection->createSchemaManager();
$names = array_intersect($manager->listTableNames(), ['words', 'sessions']);
sort($names);
$name = 'made_' . bin2hex(random_bytes(6));
$table = new Doctrine\DBAL\Schema\Table($name);
$table->addColumn('n', 'integer');
$manager->createTable($table);
echo implode(' ', $names), ' ', in_array($name, $manager->listTableNames()) ? 'made' : 'missing', "\n";
$manager->dropTable($name);
