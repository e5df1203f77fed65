<?php
// A collation by PDO.
// waits: http
// prints: a b

require __DIR__ . '/../fetch.php';

$db = new PDO('sqlite::memory:');
$db->sqliteCreateCollation('asked', fn($one, $two) => strcmp(fetch($one), fetch($two)));
echo implode(' ', $db->query("SELECT column1 FROM (VALUES ('b'), ('a')) ORDER BY column1 COLLATE asked")->fetchAll(PDO::FETCH_COLUMN)), "\n";
