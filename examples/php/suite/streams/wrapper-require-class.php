<?php
// An autoloader requires a class over a wrapper.
// waits: socket
// prints: Remote class

require __DIR__ . '/../fetch.php';

class Code
{
    public $context;
    private string $left;

    public function stream_open(string $path): bool
    {
        $class = fetch(parse_url($path, PHP_URL_HOST));
        $this->left = "<?php class $class { const WORD = 'class'; }";
        return true;
    }

    public function stream_read(int $count): string
    {
        [$part, $this->left] = [$this->left, ''];
        return $part;
    }

    public function stream_eof(): bool
    {
        return $this->left === '';
    }

    public function stream_stat(): array
    {
        fetch('stat');
        return [];
    }

    public function stream_set_option(): bool
    {
        return false;
    }
}
stream_wrapper_register('code', Code::class);
spl_autoload_register(fn($class) => require_once "code://$class");
echo Remote::class, ' ', Remote::WORD, "\n";
