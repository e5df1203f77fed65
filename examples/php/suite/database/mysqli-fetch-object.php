<?php
// fetch_object makes objects whose constructor asks again.
// prints: one/4 two/4

require __DIR__ . '/../fetch.php';

class Word
{
    public string $word;
    public string $count;

    public function __construct()
    {
        $this->count = mysqli()->query('SELECT COUNT(*) FROM words')->fetch_row()[0];
    }
}
$result = mysqli()->query('SELECT word FROM words WHERE id < 3 ORDER BY id');
while ($word = $result->fetch_object(Word::class)) {
    $said[] = "$word->word/$word->count";
}
echo implode(' ', $said), "\n";
