<?php
// register_shutdown_function waits after the program has ended.
// waits: http pdo socket
// prints: first
// prints: last

require __DIR__ . '/../fetch.php';

register_shutdown_function(function () {
    echo fetch('last'), "\n";
});
echo "first\n";
