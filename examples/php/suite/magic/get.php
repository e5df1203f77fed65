<?php
// __get waits.
// waits: http mysqli curl
// prints: colour

require __DIR__ . '/../fetch.php';

class Shy
{
    public function __get(string $name): string
    {
        return fetch($name);
    }
}
echo (new Shy())->colour, "\n";
