<?php
// simplexml_load_file over a wrapper in PHP.
// waits: http
// prints: word

require __DIR__ . '/../fetch.php';

class Remote
{
    public $context;
    private string $left;

    public function stream_open(string $path): bool
    {
        $this->left = '<a>' . fetch(parse_url($path, PHP_URL_HOST)) . '</a>';
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

    public function url_stat(): array
    {
        return [];
    }
}
stream_wrapper_register('remote', Remote::class);
echo simplexml_load_file('remote://word'), "\n";
