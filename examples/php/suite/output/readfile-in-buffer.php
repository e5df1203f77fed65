<?php
// readfile into a buffer with a callback that waits.
// prints: <word>

require __DIR__ . '/../fetch.php';

ob_start(fn(string $text) => '<' . file_get_contents(HTTP . "/say/$text") . '>');
readfile(HTTP . '/say/word');
ob_end_flush();
echo "\n";
