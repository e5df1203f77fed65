<?php
// offsetGet, offsetSet, offsetExists, offsetUnset.
// waits: http mysqli
// prints: a b yes gone

require __DIR__ . '/../fetch.php';

class Shelf implements ArrayAccess
{
    private array $kept = [];

    public function offsetExists(mixed $key): bool
    {
        return isset($this->kept[fetch($key)]);
    }

    public function offsetGet(mixed $key): string
    {
        return fetch($this->kept[$key]);
    }

    public function offsetSet(mixed $key, mixed $value): void
    {
        $this->kept[$key] = fetch($value);
    }

    public function offsetUnset(mixed $key): void
    {
        unset($this->kept[fetch($key)]);
    }
}
$shelf = new Shelf();
$shelf['x'] = 'a';
$shelf['y'] = 'b';
echo $shelf['x'], ' ', $shelf['y'], ' ', isset($shelf['x']) ? 'yes' : 'no', ' ';
unset($shelf['x']);
echo isset($shelf['x']) ? 'there' : 'gone', "\n";
