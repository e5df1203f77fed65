<?php
// A transaction, committed and rolled back.
// prints: 1

require __DIR__ . '/../fetch.php';

$pdo = pdo();
$pdo->exec('CREATE TEMPORARY TABLE mine (n INT) ENGINE=InnoDB');
$pdo->beginTransaction();
$pdo->exec('INSERT INTO mine VALUES (1)');
$pdo->commit();
$pdo->beginTransaction();
$pdo->exec('INSERT INTO mine VALUES (2)');
$pdo->rollBack();
echo $pdo->query('SELECT COUNT(*) FROM mine')->fetchColumn(), "\n";
