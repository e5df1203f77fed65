<?php
// stream_copy_to_stream between a socket and memory.
// prints: 5000 ok

require __DIR__ . '/../fetch.php';

$memory = fopen('php://memory', 'w+');
echo stream_copy_to_stream(fopen(HTTP . '/bytes/5000', 'r'), $memory), ' ';
rewind($memory);
echo ord(stream_get_contents($memory, 1, 260)) === 260 % 251 ? 'ok' : 'not ok', "\n";
