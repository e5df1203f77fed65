<?php
// A persistent connection is asked for twice.
// prints: one one

require __DIR__ . '/../fetch.php';

foreach ([1, 2] as $n) {
    $pdo = new PDO(dsn(), 'php', 'secret', [PDO::ATTR_PERSISTENT => true]);
    $said[] = $pdo->query('SELECT word FROM words WHERE id = 1')->fetchColumn();
}
echo implode(' ', $said), "\n";
