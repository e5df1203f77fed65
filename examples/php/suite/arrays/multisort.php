<?php
// array_multisort with strings that are fetched.
// waits: pdo
// prints: a b | 2 1

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
$words = [new Word('b'), new Word('a')];
$numbers = [1, 2];
array_multisort($words, SORT_STRING, $numbers);
echo implode(' ', array_column($words, 'word')), ' | ', implode(' ', $numbers), "\n";
