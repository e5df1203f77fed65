<?php
// Twenty waits in one call.
// waits: sleep http
// prints: 20

require __DIR__ . '/../fetch.php';

$count = 0;
preg_replace_callback('/x/', function () use (&$count) {
    $count += (int) fetch('1');
    return '';
}, str_repeat('x', 20));
echo $count, "\n";
