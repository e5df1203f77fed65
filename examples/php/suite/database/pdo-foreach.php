<?php
// foreach over a statement.
// prints: 1one 2two 3three 4four

require __DIR__ . '/../fetch.php';

foreach (pdo()->query('SELECT id, word FROM words ORDER BY id', PDO::FETCH_ASSOC) as $row) {
    $said[] = implode($row);
}
echo implode(' ', $said), "\n";
