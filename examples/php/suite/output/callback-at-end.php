<?php
// PHP's end flushes the buffer.
// waits: http pdo
// prints: WORD

require __DIR__ . '/../fetch.php';

ob_start(fn(string $text) => strtoupper(fetch($text)) . "\n");
echo 'word';
