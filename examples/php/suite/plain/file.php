<?php
// file() splits the answer into lines.
// prints: 3 line 3

require __DIR__ . '/../fetch.php';

$lines = file(HTTP . '/lines/3', FILE_IGNORE_NEW_LINES);
echo count($lines), ' ', $lines[2], "\n";
