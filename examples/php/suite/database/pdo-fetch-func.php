<?php
// FETCH_FUNC calls back for each row, and the callback waits.
// waits: http pdo
// prints: 1-one 2-two

require __DIR__ . '/../fetch.php';

echo implode(' ', pdo()->query('SELECT id, word FROM words WHERE id < 3 ORDER BY id')->fetchAll(
    PDO::FETCH_FUNC,
    fn($id, $word) => "$id-" . fetch($word),
)), "\n";
