<?php
// __invoke, called and as a callback.
// waits: http select
// prints: a b

require __DIR__ . '/../fetch.php';

class Asker
{
    public function __invoke(string $word): string
    {
        return fetch($word);
    }
}
$ask = new Asker();
echo $ask('a'), ' ', array_map($ask, ['b'])[0], "\n";
