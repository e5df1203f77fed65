<?php
// ReflectionMethod::invoke, of a private method too.
// waits: curl
// prints: a

require __DIR__ . '/../fetch.php';

class Asker
{
    private function ask(string $word): string
    {
        return fetch($word);
    }
}
echo (new ReflectionMethod('Asker', 'ask'))->invoke(new Asker(), 'a'), "\n";
