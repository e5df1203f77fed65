<?php
// A parameter of type string.
// waits: http
// prints: 4 drow

require __DIR__ . '/../fetch.php';

class Word
{
    public function __toString(): string
    {
        return fetch('word');
    }
}
function take(string $word): string
{
    return strrev($word);
}
echo strlen(new Word()), ' ', take(new Word()), "\n";
