<?php
// A static method as a callback in three spellings.
// waits: http
// prints: a b c

require __DIR__ . '/../fetch.php';

class Asker
{
    public static function ask(string $word): string
    {
        return fetch($word);
    }
}
echo call_user_func('Asker::ask', 'a'), ' ', call_user_func(['Asker', 'ask'], 'b'), ' ', Asker::ask('c'), "\n";
