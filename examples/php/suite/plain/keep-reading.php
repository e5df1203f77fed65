<?php
// Two streams are read in turns.
// prints: a1b2

require __DIR__ . '/../fetch.php';

$one = fopen(HTTP . '/chunks/a/b', 'r');
$two = fopen(HTTP . '/chunks/1/2', 'r');
echo fgetc($one), fgetc($two), fgetc($one), fgetc($two), "\n";
