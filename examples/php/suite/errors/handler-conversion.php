<?php
// The error handler for an array turned into a string and a bad number.
// waits: http
// prints: Array 7 2

require __DIR__ . '/../fetch.php';

$count = 0;
set_error_handler(function () use (&$count) {
    $count += (int) fetch('1');
    return true;
});
$text = (string) [];
$number = '5 apples' + 2;
echo "$text $number $count\n";
