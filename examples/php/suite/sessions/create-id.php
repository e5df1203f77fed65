<?php
// create_sid and validateId.
// waits: http
// prints: abc123

require __DIR__ . '/../fetch.php';

class Handler extends SessionHandler implements SessionIdInterface
{
    public function create_sid(): string
    {
        return fetch('abc123');
    }
}
session_set_save_handler(new Handler(), true);
session_save_path('/tmp');
session_start(['use_cookies' => 0, 'cache_limiter' => '']);
echo session_id(), "\n";
