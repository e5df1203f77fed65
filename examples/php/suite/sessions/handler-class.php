<?php
// A session handler that waits in all it does.
// waits: http mysqli pdo
// prints: open read kept write close

require __DIR__ . '/../fetch.php';

class Handler implements SessionHandlerInterface
{
    public static array $said = [];

    private function say(string $word): bool
    {
        self::$said[] = fetch($word);
        return true;
    }

    public function open(string $path, string $name): bool
    {
        return $this->say('open');
    }

    public function read(string $id): string|false
    {
        $this->say('read');
        return 'word|s:4:"kept";';
    }

    public function write(string $id, string $data): bool
    {
        return $this->say('write');
    }

    public function close(): bool
    {
        return $this->say('close');
    }

    public function destroy(string $id): bool
    {
        return $this->say('destroy');
    }

    public function gc(int $age): int|false
    {
        return 0;
    }
}
session_set_save_handler(new Handler(), false);
session_start(['use_cookies' => 0, 'cache_limiter' => '']);
Handler::$said[] = $_SESSION['word'];
$_SESSION['word'] = 'changed';
session_write_close();
echo implode(' ', Handler::$said), "\n";
