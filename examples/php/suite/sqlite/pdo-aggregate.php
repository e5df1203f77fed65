<?php
// An aggregate by PDO.
// waits: http
// prints: ab.

require __DIR__ . '/../fetch.php';

$db = new PDO('sqlite::memory:');
$db->sqliteCreateAggregate('gather', fn($so_far, $row, $word) => $so_far . fetch($word), fn($so_far, $rows) => $so_far . fetch('.'));
echo $db->query("SELECT gather(column1) FROM (VALUES ('a'), ('b'))")->fetchColumn(), "\n";
