<?php
// A function of SQL waits.
// waits: http mysqli
// prints: word!

require __DIR__ . '/../fetch.php';

$db = new SQLite3(':memory:');
$db->createFunction('ask', fn($word) => fetch($word) . '!');
echo $db->querySingle("SELECT ask('word')"), "\n";
