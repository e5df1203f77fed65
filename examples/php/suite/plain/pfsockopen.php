<?php
// A persistent socket is closed when PHP ends.
// prints: kept

require __DIR__ . '/../fetch.php';

$socket = pfsockopen('127.0.0.1', (int) getenv('ECHO_PORT'));
fwrite($socket, "kept\n");
echo fgets($socket);
