<?php
// A function of SQL by PDO.
// waits: http curl
// prints: word!

require __DIR__ . '/../fetch.php';

$db = new PDO('sqlite::memory:');
$db->sqliteCreateFunction('ask', fn($word) => fetch($word) . '!');
echo $db->query("SELECT ask('word')")->fetchColumn(), "\n";
