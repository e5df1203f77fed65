<?php
// Statements prepared by the server itself.
// prints: two

require __DIR__ . '/../fetch.php';

$pdo = new PDO(dsn(), 'php', 'secret', [PDO::ATTR_EMULATE_PREPARES => false]);
$asked = $pdo->prepare('SELECT word FROM words WHERE id = :id');
$asked->execute(['id' => 2]);
echo $asked->fetchColumn(), "\n";
