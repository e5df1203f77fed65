<?php
// Two callbacks, one in the other.
// waits: http
// prints: [<word>]

require __DIR__ . '/../fetch.php';

ob_start(fn(string $text) => '[' . $text . fetch(']'));
ob_start(fn(string $text) => '<' . $text . fetch('>'));
echo 'word';
ob_end_flush();
ob_end_flush();
echo "\n";
