<?php
// array_walk_recursive.
// prints: a b c

require __DIR__ . '/../fetch.php';

$words = [["a"], ["b", ["c"]]];
array_walk_recursive($words, function ($word) use (&$seen) {
    $seen[] = fetch($word);
});
echo implode(' ', $seen), "\n";
