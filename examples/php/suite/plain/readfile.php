<?php
// readfile copies the answer to the output while it arrives.
// prints: word
// prints: 4

require __DIR__ . '/../fetch.php';

$size = readfile(HTTP . '/say/word');
echo "\n$size\n";
