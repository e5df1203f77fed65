<?php
// FETCH_INTO sets properties through __set, which waits.
// waits: http
// prints: one

require __DIR__ . '/../fetch.php';

class Word
{
    private array $kept = [];

    public function __set(string $name, mixed $value): void
    {
        $this->kept[$name] = fetch($value);
    }

    public function word(): string
    {
        return $this->kept['word'];
    }
}
$asked = pdo()->query('SELECT word FROM words WHERE id = 1');
$asked->setFetchMode(PDO::FETCH_INTO, $word = new Word());
$asked->fetch();
echo $word->word(), "\n";
