<?php
// fputcsv writes into a socket.
// prints: a,"b c"

require __DIR__ . '/../fetch.php';

$socket = fsockopen('127.0.0.1', (int) getenv('ECHO_PORT'));
fputcsv($socket, ['a', 'b c']);
echo fgets($socket);
