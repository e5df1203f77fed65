<?php
// A wrapper's stream is closed by PHP's end.
// waits: http
// prints: open
// prints: closed

require __DIR__ . '/../fetch.php';

class Door
{
    public $context;

    public function stream_open(): bool
    {
        return true;
    }

    public function stream_close(): void
    {
        echo fetch('closed'), "\n";
    }
}
stream_wrapper_register('door', Door::class);
$door = fopen('door://x', 'r');
echo "open\n";
