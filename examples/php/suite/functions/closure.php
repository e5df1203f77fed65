<?php
// A closure with use, by value and by reference.
// waits: http
// prints: a1

require __DIR__ . '/../fetch.php';

$end = '1';
$make = function (string $word) use ($end, &$made) {
    $made = fetch($word . $end);
};
$make('a');
echo $made, "\n";
