<?php
// getimagesize and md5_file over a wrapper.
// waits: http
// prints: 9x4

require __DIR__ . '/../fetch.php';

class Picture
{
    public $context;
    private $below;

    public function stream_open(): bool
    {
        $this->below = fopen(HTTP . '/png/9/4', 'r');
        return true;
    }

    public function stream_read(int $count): string
    {
        return fread($this->below, $count);
    }

    public function stream_eof(): bool
    {
        return feof($this->below);
    }

    public function stream_stat(): array
    {
        return [];
    }
}
stream_wrapper_register('picture', Picture::class);
[$width, $height] = getimagesize('picture://x');
echo "{$width}x{$height}\n";
