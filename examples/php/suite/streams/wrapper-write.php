<?php
// stream_write, stream_flush and stream_close.
// waits: http socket
// prints: ab flushed closed

require __DIR__ . '/../fetch.php';

class Sink
{
    public $context;
    public static array $said = [];

    public function stream_open(): bool
    {
        return true;
    }

    public function stream_write(string $data): int
    {
        self::$said[] = fetch($data);
        return strlen($data);
    }

    public function stream_flush(): bool
    {
        self::$said[] = fetch('flushed');
        return true;
    }

    public function stream_close(): void
    {
        self::$said[] = fetch('closed');
    }
}
stream_wrapper_register('sink', Sink::class);
file_put_contents('sink://x', 'ab');
echo implode(' ', array_unique(Sink::$said)), "\n";
