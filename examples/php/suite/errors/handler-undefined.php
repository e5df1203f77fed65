<?php
// The error handler for an undefined variable and an undefined key.
// waits: http curl
// prints: 2

require __DIR__ . '/../fetch.php';

$count = 0;
set_error_handler(function () use (&$count) {
    $count += (int) fetch('1');
    return true;
});
$x = $undefined;
$y = [][5];
echo $count, "\n";
