<?php
// unlink, rename, mkdir, rmdir, touch and file_exists.
// waits: http pdo
// prints: stat unlink rename mkdir rmdir touch

require __DIR__ . '/../fetch.php';

class Files
{
    public $context;
    public static array $said = [];

    private function say(string $word): bool
    {
        self::$said[] = fetch($word);
        return true;
    }

    public function url_stat(): array|false
    {
        $this->say('stat');
        return false;
    }

    public function unlink(): bool
    {
        return $this->say('unlink');
    }

    public function rename(): bool
    {
        return $this->say('rename');
    }

    public function mkdir(): bool
    {
        return $this->say('mkdir');
    }

    public function rmdir(): bool
    {
        return $this->say('rmdir');
    }

    public function stream_metadata(): bool
    {
        return $this->say('touch');
    }
}
stream_wrapper_register('files', Files::class);
file_exists('files://x');
unlink('files://x');
rename('files://x', 'files://y');
mkdir('files://x');
rmdir('files://x');
touch('files://x');
echo implode(' ', Files::$said), "\n";
