<?php
// An element of an array that __get returns.
// waits: http
// prints: first

require __DIR__ . '/../fetch.php';

class Shy
{
    public function __get(string $name): array
    {
        return [fetch('first'), $name];
    }
}
echo (new Shy())->list[0], "\n";
