<?php
// var_export's output is run, and __set_state waits.
// waits: http
// prints: word

require __DIR__ . '/../fetch.php';

class Word
{
    public string $word = 'none';

    public static function __set_state(array $kept): Word
    {
        $word = new Word();
        $word->word = fetch($kept['word']);
        return $word;
    }
}
$word = new Word();
$word->word = 'word';
eval('$again = ' . var_export($word, true) . ';');
echo $again->word, "\n";
