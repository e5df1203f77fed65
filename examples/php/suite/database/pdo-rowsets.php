<?php
// nextRowset.
// prints: 1 2

require __DIR__ . '/../fetch.php';

$asked = pdo()->query('SELECT 1; SELECT 2');
echo $asked->fetchColumn(), ' ';
$asked->nextRowset();
echo $asked->fetchColumn(), "\n";
