<?php
// FETCH_CLASS runs constructors that wait.
// waits: http mysqli
// prints: one! two!

require __DIR__ . '/../fetch.php';

class Word
{
    public string $word = '';
    public string $mark;

    public function __construct()
    {
        $this->mark = fetch('!');
    }
}
foreach (pdo()->query('SELECT word FROM words WHERE id < 3 ORDER BY id')->fetchAll(PDO::FETCH_CLASS, Word::class) as $word) {
    $said[] = $word->word . $word->mark;
}
echo implode(' ', $said), "\n";
