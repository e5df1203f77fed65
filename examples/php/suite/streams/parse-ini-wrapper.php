<?php
// parse_ini_file reads through a wrapper.
// waits: socket
// prints: word

require __DIR__ . '/../fetch.php';

class Remote
{
    public $context;
    private string $left;

    public function stream_open(string $path): bool
    {
        $this->left = 'said = ' . fetch(parse_url($path, PHP_URL_HOST)) . "\n";
        return true;
    }

    public function stream_read(int $count): string
    {
        fetch('read');
        [$part, $this->left] = [$this->left, ''];
        return $part;
    }

    public function stream_eof(): bool
    {
        return $this->left === '';
    }

    public function stream_stat(): array
    {
        return [];
    }

    public function stream_set_option(): bool
    {
        return false;
    }
}
stream_wrapper_register('remote', Remote::class);
echo parse_ini_file('remote://word')['said'], "\n";
