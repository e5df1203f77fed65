<?php
// array_udiff_uassoc has two callbacks.
// waits: sleep
// prints: y

require __DIR__ . '/../fetch.php';

$compare = fn($one, $two) => fetch($one) <=> fetch($two);
echo implode(array_udiff_uassoc(['a' => 'x', 'b' => 'y'], ['a' => 'x', 'b' => 'z'], $compare, $compare)), "\n";
