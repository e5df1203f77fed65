<?php
// preg_replace_callback over a subject that is fetched.
// waits: http
// prints: b

require __DIR__ . '/../fetch.php';

class Word
{
    public function __toString(): string
    {
        return fetch('a');
    }
}
echo preg_replace('/a/', 'b', new Word()), "\n";
