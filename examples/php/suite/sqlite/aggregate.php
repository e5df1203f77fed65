<?php
// An aggregate of SQL waits in each step and at its end.
// waits: http pdo
// prints: abc.

require __DIR__ . '/../fetch.php';

$db = new SQLite3(':memory:');
$db->createAggregate('gather', fn($so_far, $row, $word) => $so_far . fetch($word), fn($so_far, $rows) => $so_far . fetch('.'));
echo $db->querySingle("SELECT gather(column1) FROM (VALUES ('a'), ('b'), ('c'))"), "\n";
