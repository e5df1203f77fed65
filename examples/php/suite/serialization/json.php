<?php
// json_encode asks JsonSerializable.
// waits: http mysqli
// prints: {"said":"word","list":["a"]}

require __DIR__ . '/../fetch.php';

class Word implements JsonSerializable
{
    public function __construct(private string $word)
    {
    }

    public function jsonSerialize(): mixed
    {
        return fetch($this->word);
    }
}
echo json_encode(['said' => new Word('word'), 'list' => [new Word('a')]]), "\n";
