<?php
// sort with SORT_STRING asks each object for its string.
// waits: sleep
// prints: a b c

require __DIR__ . '/../fetch.php';

class Word
{
    public function __construct(public string $word)
    {
    }

    public function __toString(): string
    {
        return fetch($this->word);
    }
}
$words = [new Word('c'), new Word('a'), new Word('b')];
sort($words, SORT_STRING);
echo implode(' ', array_column($words, 'word')), "\n";
