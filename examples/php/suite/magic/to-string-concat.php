<?php
// Concatenation, interpolation and a cast.
// waits: http
// prints: -word- word word

require __DIR__ . '/../fetch.php';

class Word
{
    public function __toString(): string
    {
        return fetch('word');
    }
}
$word = new Word();
echo '-' . $word . '-', " $word ", (string) $word, "\n";
