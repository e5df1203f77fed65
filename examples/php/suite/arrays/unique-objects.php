<?php
// array_unique turns objects into strings.
// prints: 2

require __DIR__ . '/../fetch.php';

class Word
{
    public function __construct(private string $word)
    {
    }

    public function __toString(): string
    {
        return fetch($this->word);
    }
}
echo count(array_unique([new Word('a'), new Word('b'), new Word('a')])), "\n";
