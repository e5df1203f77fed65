<?php
// printf, print and vprintf of objects.
// waits: http
// prints: word|word|word

require __DIR__ . '/../fetch.php';

class Word
{
    public function __toString(): string
    {
        return fetch('word');
    }
}
printf('%s|', new Word());
print new Word();
vprintf("|%s\n", [new Word()]);
