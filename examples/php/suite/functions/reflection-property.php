<?php
// ReflectionProperty reads through __get.
// waits: http
// prints: magic

require __DIR__ . '/../fetch.php';

class Shy
{
    public function __get(string $name): string
    {
        return fetch($name);
    }
}
$shy = new Shy();
$shy->other = 1;
echo (fn($name) => $shy->$name)('magic'), "\n";
