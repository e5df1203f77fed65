<?php
// PHP's end writes the session.
// waits: http pdo
// prints: body
// prints: written

require __DIR__ . '/../fetch.php';

class Handler extends SessionHandler
{
    public function write(string $id, string $data): bool
    {
        echo fetch('written'), "\n";
        return true;
    }

    public function open(string $path, string $name): bool
    {
        return true;
    }

    public function read(string $id): string
    {
        return '';
    }

    public function close(): bool
    {
        return true;
    }
}
session_set_save_handler(new Handler(), true);
session_start(['use_cookies' => 0, 'cache_limiter' => '']);
$_SESSION['a'] = 1;
echo "body\n";
