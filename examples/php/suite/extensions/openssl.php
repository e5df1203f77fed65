<?php
// openssl and random work between waits.
// waits: http
// prints: word

require __DIR__ . '/../fetch.php';

$key = random_bytes(32);
$sealed = openssl_encrypt(fetch('word'), 'aes-256-ctr', $key, 0, str_repeat("\0", 16));
echo fetch(openssl_decrypt($sealed, 'aes-256-ctr', $key, 0, str_repeat("\0", 16))), "\n";
