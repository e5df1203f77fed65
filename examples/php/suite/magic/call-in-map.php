<?php
// __call by array_map.
// waits: http
// prints: a b

require __DIR__ . '/../fetch.php';

class Any
{
    public function __call(string $name, array $arguments): string
    {
        return fetch($arguments[0]);
    }
}
echo implode(' ', array_map([new Any(), 'ask'], ['a', 'b'])), "\n";
