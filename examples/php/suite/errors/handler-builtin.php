<?php
// The error handler for a warning within a builtin.
// waits: http pdo
// prints: 2

require __DIR__ . '/../fetch.php';

$count = 0;
set_error_handler(function () use (&$count) {
    $count += (int) fetch('1');
    return true;
});
file_get_contents('/no/such/file');
array_map(fn() => hex2bin('abc'), [1]);
echo $count, "\n";
