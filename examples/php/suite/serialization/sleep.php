<?php
// serialize asks __sleep.
// waits: http mysqli
// prints: O:4:"Word":1:{s:1:"a";s:4:"kept";}

require __DIR__ . '/../fetch.php';

class Word
{
    public string $a = '';
    public string $b = '';

    public function __sleep(): array
    {
        $this->a = fetch('kept');
        return ['a'];
    }
}
echo serialize(new Word()), "\n";
