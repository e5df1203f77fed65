<?php
// A transaction that is rolled back, and one that is not.
// prints: 1 2

require __DIR__ . '/../fetch.php';

$link = mysqli();
$link->query('CREATE TEMPORARY TABLE mine (n INT) ENGINE=InnoDB');
$link->query('INSERT INTO mine VALUES (1)');
$link->begin_transaction();
$link->query('INSERT INTO mine VALUES (2)');
$link->rollback();
echo $link->query('SELECT COUNT(*) FROM mine')->fetch_row()[0], ' ';
$link->begin_transaction();
$link->query('INSERT INTO mine VALUES (3)');
$link->commit();
echo $link->query('SELECT COUNT(*) FROM mine')->fetch_row()[0], "\n";
