<?php
// A collation of SQL waits.
// waits: http sleep
// prints: a b c

require __DIR__ . '/../fetch.php';

$db = new SQLite3(':memory:');
$db->createCollation('asked', fn($one, $two) => strcmp(fetch($one), fetch($two)));
$rows = $db->query("SELECT column1 FROM (VALUES ('c'), ('a'), ('b')) ORDER BY column1 COLLATE asked");
while ($row = $rows->fetchArray()) {
    $said[] = $row[0];
}
echo implode(' ', $said), "\n";
