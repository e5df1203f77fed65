<?php
// unserialize asks __wakeup.
// waits: http pdo
// prints: awake

require __DIR__ . '/../fetch.php';

class Word
{
    public string $a = '';

    public function __wakeup(): void
    {
        $this->a = fetch('awake');
    }
}
echo unserialize('O:4:"Word":0:{}')->a, "\n";
