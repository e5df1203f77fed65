<?php
// A socket, written and read by hand.
// prints: hello there

require __DIR__ . '/../fetch.php';

$socket = fsockopen('127.0.0.1', (int) getenv('ECHO_PORT'), $code, $message, 5);
fwrite($socket, "hello there\n");
echo fgets($socket);
fclose($socket);
