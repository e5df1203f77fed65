<?php
// A function of SQL in a trigger.
// waits: http
// prints: said word

require __DIR__ . '/../fetch.php';

$db = new SQLite3(':memory:');
$db->createFunction('ask', fn($word) => fetch($word));
$db->exec('CREATE TABLE t (w); CREATE TABLE log (w)');
$db->exec("CREATE TRIGGER after_t AFTER INSERT ON t BEGIN INSERT INTO log VALUES ('said ' || ask(new.w)); END");
$db->exec("INSERT INTO t VALUES ('word')");
echo $db->querySingle('SELECT w FROM log'), "\n";
