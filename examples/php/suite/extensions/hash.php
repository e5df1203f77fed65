<?php
// hash_update_stream reads a socket.
// prints: ok

require __DIR__ . '/../fetch.php';

$context = hash_init('md5');
hash_update_stream($context, fopen(HTTP . '/chunks/wo/rd', 'r'));
echo hash_final($context) === md5('word') ? 'ok' : 'not', "\n";
