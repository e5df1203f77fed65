<?php
// array_map over two arrays at once.
// waits: http pdo
// prints: a1 b2

require __DIR__ . '/../fetch.php';

echo implode(' ', array_map(fn($one, $two) => fetch($one . $two), ['a', 'b'], [1, 2])), "\n";
