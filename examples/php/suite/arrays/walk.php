<?php
// array_walk changes its array by reference.
// waits: http curl pdo
// prints: a! b!

require __DIR__ . '/../fetch.php';

$words = ['a', 'b'];
array_walk($words, function (&$word) {
    $word = fetch($word) . '!';
});
echo implode(' ', $words), "\n";
