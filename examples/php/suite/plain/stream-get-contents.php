<?php
// stream_get_contents with a limit and an offset into the answer.
// prints: bc

require __DIR__ . '/../fetch.php';

$stream = fopen(HTTP . '/chunks/a/b/c/d', 'r');
fgetc($stream);
echo stream_get_contents($stream, 2), "\n";
