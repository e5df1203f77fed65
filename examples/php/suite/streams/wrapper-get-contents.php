<?php
// file_get_contents and file() over a wrapper.
// waits: http pdo
// prints: word word

require __DIR__ . '/../fetch.php';

class Remote
{
    public $context;
    private string $left;

    public function stream_open(string $path): bool
    {
        $this->left = fetch(parse_url($path, PHP_URL_HOST));
        return true;
    }

    public function stream_read(int $count): string
    {
        $part = $this->left;
        $this->left = '';
        return $part === '' ? '' : fetch($part);
    }

    public function stream_eof(): bool
    {
        return $this->left === '';
    }

    public function stream_stat(): array
    {
        return [];
    }
}
stream_wrapper_register('remote', Remote::class);
echo file_get_contents('remote://word'), ' ', file('remote://word')[0], "\n";
