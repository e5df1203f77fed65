<?php
// str_replace, sprintf and strtoupper take a string that is fetched.
// waits: http sleep
// prints: X-c d D

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
echo str_replace(new Word('a'), 'X', 'a-c'), ' ', sprintf('%s', new Word('d')), ' ', strtoupper(new Word('d')), "\n";
