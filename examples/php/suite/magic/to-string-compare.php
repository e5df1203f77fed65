<?php
// == between an object and a string.
// waits: mysqli
// prints: same

require __DIR__ . '/../fetch.php';

class Word
{
    public function __toString(): string
    {
        return fetch('word');
    }
}
echo new Word() == 'word' ? 'same' : 'other', "\n";
