<?php
// fpassthru writes the rest of a stream to the output.
// prints: ord

require __DIR__ . '/../fetch.php';

$stream = fopen(HTTP . '/say/word', 'r');
fgetc($stream);
fpassthru($stream);
echo "\n";
