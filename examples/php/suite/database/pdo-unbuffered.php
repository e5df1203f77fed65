<?php
// Rows that are fetched as they come.
// prints: 1000

require __DIR__ . '/../fetch.php';

$pdo = new PDO(dsn(), 'php', 'secret', [PDO::MYSQL_ATTR_USE_BUFFERED_QUERY => false]);
$count = 0;
foreach ($pdo->query('SELECT seq FROM seq_1_to_1000') as $row) {
    $count++;
}
echo $count, "\n";
