<?php
// A shutdown function after exit in a callback.
// waits: http
// prints: last

require __DIR__ . '/../fetch.php';

register_shutdown_function(fn() => print(fetch('last') . "\n"));
array_map(fn() => exit(0), [1]);
