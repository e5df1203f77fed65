<?php
// Reading until the other side closes.
// prints: bye

require __DIR__ . '/../fetch.php';

$socket = fsockopen('127.0.0.1', (int) getenv('ECHO_PORT'));
fwrite($socket, "bye\n");
echo stream_get_contents($socket);
