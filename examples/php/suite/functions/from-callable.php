<?php
// Closure::fromCallable of a method.
// waits: sleep
// prints: a

require __DIR__ . '/../fetch.php';

class Asker
{
    public function ask(string $word): string
    {
        return fetch($word);
    }
}
echo Closure::fromCallable([new Asker(), 'ask'])('a'), "\n";
