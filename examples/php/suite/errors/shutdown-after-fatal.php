<?php
// A shutdown function after an uncaught exception.
// waits: http
// prints: last
// exits: 255

require __DIR__ . '/../fetch.php';

register_shutdown_function(function () {
    echo fetch('last'), "\n";
});
throw new RuntimeException('fatal');
