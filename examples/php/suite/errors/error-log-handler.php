<?php
// @ calls the error handler all the same.
// waits: http
// prints: quiet

require __DIR__ . '/../fetch.php';

set_error_handler(function () {
    echo fetch('quiet'), "\n";
    return true;
});
@trigger_error('x', E_USER_NOTICE);
