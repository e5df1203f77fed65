<?php
// The error handler waits and throws.
// waits: http socket
// prints: caught mine

require __DIR__ . '/../fetch.php';

set_error_handler(function (int $level, string $message) {
    throw new ErrorException(fetch('mine'), 0, $level);
});
try {
    echo $undefined;
} catch (ErrorException $error) {
    echo 'caught ', $error->getMessage(), "\n";
}
