<?php
// fscanf reads from the stream itself.
// prints: 1

require __DIR__ . '/../fetch.php';

fscanf(fopen(HTTP . '/lines/2', 'r'), 'line %d', $number);
echo $number, "\n";
