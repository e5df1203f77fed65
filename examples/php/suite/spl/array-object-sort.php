<?php
// ArrayObject sorts by a callback.
// waits: http pdo
// prints: a b | x y

require __DIR__ . '/../fetch.php';

$words = new ArrayObject(['y' => 'b', 'x' => 'a']);
$words->uasort(fn($one, $two) => fetch($one) <=> fetch($two));
echo implode(' ', (array) $words), ' | ';
$words->uksort(fn($one, $two) => fetch($one) <=> fetch($two));
echo implode(' ', array_keys((array) $words)), "\n";
