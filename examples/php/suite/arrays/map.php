<?php
// array_map with a wait in its callback.
// waits: http socket curl mysqli sleep
// prints: a b c

require __DIR__ . '/../fetch.php';

echo implode(' ', array_map(fn($word) => fetch($word), ['a', 'b', 'c'])), "\n";
