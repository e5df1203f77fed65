<?php
// [] = and .= on an ArrayAccess.
// waits: http
// prints: ab

require __DIR__ . '/../fetch.php';

class Shelf implements ArrayAccess
{
    private array $kept = [];

    public function offsetExists(mixed $key): bool
    {
        return isset($this->kept[$key]);
    }

    public function offsetGet(mixed $key): string
    {
        return fetch($this->kept[$key]);
    }

    public function offsetSet(mixed $key, mixed $value): void
    {
        $this->kept[$key ?? count($this->kept)] = fetch($value);
    }

    public function offsetUnset(mixed $key): void
    {
    }
}
$shelf = new Shelf();
$shelf[] = 'a';
$shelf[0] .= 'b';
echo $shelf[0], "\n";
