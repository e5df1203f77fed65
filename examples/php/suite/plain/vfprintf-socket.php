<?php
// vfprintf into a socket, and the answer back.
// prints: 007 bond

require __DIR__ . '/../fetch.php';

$socket = fsockopen('127.0.0.1', (int) getenv('ECHO_PORT'));
vfprintf($socket, "%03d %s\n", [7, 'bond']);
echo fgets($socket);
