<?php
// The error handler waits, for a warning of ours.
// waits: http mysqli
// prints: handled mine

require __DIR__ . '/../fetch.php';

set_error_handler(function (int $level, string $message) {
    echo 'handled ', fetch($message), "\n";
    return true;
});
trigger_error('mine', E_USER_WARNING);
