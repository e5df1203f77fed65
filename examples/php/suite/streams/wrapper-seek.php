<?php
// stream_seek and stream_tell.
// waits: http
// prints: de

require __DIR__ . '/../fetch.php';

class Text
{
    public $context;
    private int $at = 0;

    public function stream_open(): bool
    {
        return true;
    }

    public function stream_read(int $count): string
    {
        $part = substr('abcde', $this->at, $count);
        $this->at += strlen($part);
        return $part;
    }

    public function stream_eof(): bool
    {
        return $this->at >= 5;
    }

    public function stream_seek(int $offset): bool
    {
        $this->at = (int) fetch((string) $offset);
        return true;
    }

    public function stream_tell(): int
    {
        return (int) fetch((string) $this->at);
    }
}
stream_wrapper_register('text', Text::class);
$stream = fopen('text://x', 'r');
stream_set_read_buffer($stream, 0);
fseek($stream, 3);
echo fread($stream, 10), "\n";
