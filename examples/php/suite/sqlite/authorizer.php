<?php
// The authorizer waits before a statement is prepared.
// waits: http
// prints: 1

require __DIR__ . '/../fetch.php';

$db = new SQLite3(':memory:');
$db->setAuthorizer(fn() => fetch('yes') === 'yes' ? SQLite3::OK : SQLite3::DENY);
echo $db->querySingle('SELECT 1'), "\n";
