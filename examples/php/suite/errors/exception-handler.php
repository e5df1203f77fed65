<?php
// The last handler of exceptions waits.
// waits: http pdo
// prints: last resort

require __DIR__ . '/../fetch.php';

set_exception_handler(function (Throwable $error) {
    echo fetch('last'), ' ', $error->getMessage(), "\n";
});
throw new RuntimeException('resort');
