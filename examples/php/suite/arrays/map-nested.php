<?php
// array_map inside of array_map.
// waits: http select
// prints: ab cd

require __DIR__ . '/../fetch.php';

$rows = array_map(fn($row) => implode(array_map('fetch', $row)), [['a', 'b'], ['c', 'd']]);
echo implode(' ', $rows), "\n";
