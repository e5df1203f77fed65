<?php
// SplFileObject over a wrapper that waits.
// waits: http
// prints: word

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
        [$part, $this->left] = [$this->left, ''];
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

    public function url_stat(): array
    {
        return [];
    }
}
stream_wrapper_register('remote', Remote::class);
echo (new SplFileObject('remote://word'))->fgets(), "\n";
