<?php
// usort compares by what a server says.
// waits: http socket mysqli
// prints: a b c d

require __DIR__ . '/../fetch.php';

$words = ['c', 'a', 'd', 'b'];
usort($words, fn($one, $two) => strcmp(fetch($one), fetch($two)));
echo implode(' ', $words), "\n";
