<?php
// A query and its rows.
// prints: one,two,three,four

require __DIR__ . '/../fetch.php';

$words = mysqli()->query('SELECT word FROM words ORDER BY id')->fetch_all();
echo implode(',', array_column($words, 0)), "\n";
