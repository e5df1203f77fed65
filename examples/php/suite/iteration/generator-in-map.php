<?php
// array_map advances a generator.
// waits: http
// prints: a b

require __DIR__ . '/../fetch.php';

function words()
{
    yield fetch('a');
    yield fetch('b');
}
$words = words();
echo implode(' ', array_map(function () use ($words) {
    $word = $words->current();
    $words->next();
    return $word;
}, [1, 2])), "\n";
