<?php
// The error handler for a deprecation while compiling and calling.
// waits: http
// prints: 1

require __DIR__ . '/../fetch.php';

$count = 0;
set_error_handler(function () use (&$count) {
    $count += (int) fetch('1');
    return true;
});
strlen(null);
echo $count, "\n";
