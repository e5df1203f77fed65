<?php
// array_udiff and array_uintersect.
// waits: http
// prints: a,c b

require __DIR__ . '/../fetch.php';

$compare = fn($one, $two) => fetch($one) <=> fetch($two);
echo implode(',', array_udiff(['a', 'b', 'c'], ['b'], $compare)), ' ';
echo implode(',', array_uintersect(['a', 'b', 'c'], ['b'], $compare)), "\n";
