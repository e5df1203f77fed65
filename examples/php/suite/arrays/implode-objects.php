<?php
// implode turns objects into strings.
// waits: http mysqli
// prints: a-b

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
echo implode('-', [new Word('a'), new Word('b')]), "\n";
