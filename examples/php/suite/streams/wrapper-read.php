<?php
// A stream wrapper in PHP: open, read, eof and stat wait.
// waits: http mysqli
// prints: word

require __DIR__ . '/../fetch.php';

class Remote
{
    public $context;
    private string $left;

    public function stream_open(string $path, string $mode): bool
    {
        $this->left = fetch(parse_url($path, PHP_URL_HOST));
        return true;
    }

    public function stream_read(int $count): string
    {
        $part = fetch(substr($this->left, 0, 2));
        $this->left = substr($this->left, 2);
        return $part;
    }

    public function stream_eof(): bool
    {
        return fetch($this->left === '' ? 'end' : 'more') === 'end';
    }

    public function stream_stat(): array
    {
        fetch('stat');
        return [];
    }
}
stream_wrapper_register('remote', Remote::class);
$stream = fopen('remote://word', 'r');
$text = '';
while (!feof($stream)) {
    $text .= fread($stream, 100);
}
echo $text, "\n";
