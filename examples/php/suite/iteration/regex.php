<?php
// RegexIterator over objects with __toString.
// waits: http
// prints: 1

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
echo iterator_count(new RegexIterator(new ArrayIterator([new Word('abc'), new Word('xyz')]), '/b/')), "\n";
