<?php
// usort of more than 16 elements sorts by another way.
// waits: sleep
// prints: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19

require __DIR__ . '/../fetch.php';

$numbers = [13, 7, 19, 0, 5, 11, 2, 17, 9, 4, 15, 1, 18, 6, 12, 3, 16, 8, 14, 10];
usort($numbers, fn($one, $two) => fetch((string) $one) <=> fetch((string) $two));
echo implode(' ', $numbers), "\n";
