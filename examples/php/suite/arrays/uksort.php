<?php
// uksort compares keys.
// waits: pdo
// prints: a b c

require __DIR__ . '/../fetch.php';

$words = ['b' => 1, 'c' => 2, 'a' => 3];
uksort($words, fn($one, $two) => fetch($one) <=> fetch($two));
echo implode(' ', array_keys($words)), "\n";
