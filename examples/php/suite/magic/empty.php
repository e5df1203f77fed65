<?php
// empty() asks __isset and then __get.
// waits: http
// prints: full

require __DIR__ . '/../fetch.php';

class Shy
{
    public function __isset(string $name): bool
    {
        return fetch($name) === $name;
    }

    public function __get(string $name): string
    {
        return fetch($name);
    }
}
$shy = new Shy();
echo empty($shy->colour) ? 'empty' : 'full', "\n";
