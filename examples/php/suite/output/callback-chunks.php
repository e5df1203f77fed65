<?php
// A buffer with a chunk size calls back once it is full.
// waits: http
// prints: (ab)()

require __DIR__ . '/../fetch.php';

ob_start(fn(string $text) => '(' . ($text === '' ? '' : fetch($text)) . ')', 2);
echo 'a';
echo 'b';
ob_end_flush();
echo "\n";
