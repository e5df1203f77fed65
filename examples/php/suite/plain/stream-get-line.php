<?php
// stream_get_line looks for an ending of its own.
// prints: a b

require __DIR__ . '/../fetch.php';

$stream = fopen(HTTP . '/say/a-b-c', 'r');
echo stream_get_line($stream, 100, '-'), ' ', stream_get_line($stream, 100, '-'), "\n";
