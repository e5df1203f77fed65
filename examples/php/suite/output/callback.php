<?php
// The output buffer's callback waits.
// waits: http mysqli curl
// prints: [word]

require __DIR__ . '/../fetch.php';

ob_start(fn(string $text) => '[' . fetch($text) . ']');
echo 'word';
ob_end_flush();
echo "\n";
