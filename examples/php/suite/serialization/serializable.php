<?php
// The old interface Serializable.
// waits: http
// prints: word

require __DIR__ . '/../fetch.php';

class Word implements Serializable
{
    public string $word = 'word';

    public function serialize(): string
    {
        return fetch($this->word);
    }

    public function unserialize(string $kept): void
    {
        $this->word = fetch($kept);
    }

    public function __serialize(): array
    {
        return [$this->serialize()];
    }

    public function __unserialize(array $kept): void
    {
        $this->unserialize($kept[0]);
    }
}
echo unserialize(serialize(new Word()))->word, "\n";
