<?php
// opendir, readdir and closedir; scandir.
// waits: http
// prints: a b | a b

require __DIR__ . '/../fetch.php';

class Folder
{
    public $context;
    private array $left;

    public function dir_opendir(): bool
    {
        $this->left = explode('-', fetch('a-b'));
        return true;
    }

    public function dir_readdir(): string|false
    {
        fetch('next');
        return array_shift($this->left) ?? false;
    }

    public function dir_closedir(): bool
    {
        fetch('closed');
        return true;
    }

    public function dir_rewinddir(): bool
    {
        return $this->dir_opendir();
    }
}
stream_wrapper_register('folder', Folder::class);
$folder = opendir('folder://x');
while (($entry = readdir($folder)) !== false) {
    $entries[] = $entry;
}
closedir($folder);
echo implode(' ', $entries), ' | ', implode(' ', scandir('folder://x')), "\n";
