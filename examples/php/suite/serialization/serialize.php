<?php
// __serialize and __unserialize.
// waits: http curl
// prints: word!

require __DIR__ . '/../fetch.php';

class Word
{
    public string $word = '';

    public function __serialize(): array
    {
        return ['word' => fetch($this->word)];
    }

    public function __unserialize(array $kept): void
    {
        $this->word = fetch($kept['word'] . '!');
    }
}
$word = new Word();
$word->word = 'word';
echo unserialize(serialize($word))->word, "\n";
