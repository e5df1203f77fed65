<?php
// PDO: a query and its rows.
// prints: one,two,three,four

require __DIR__ . '/../fetch.php';

echo implode(',', pdo()->query('SELECT word FROM words ORDER BY id')->fetchAll(PDO::FETCH_COLUMN)), "\n";
