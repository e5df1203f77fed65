<?php
// list() takes its parts from an ArrayAccess.
// waits: pdo
// prints: 0-1

require __DIR__ . '/../fetch.php';

class Shelf implements ArrayAccess
{
    public function offsetExists(mixed $key): bool
    {
        return true;
    }

    public function offsetGet(mixed $key): string
    {
        return fetch((string) $key);
    }

    public function offsetSet(mixed $key, mixed $value): void
    {
    }

    public function offsetUnset(mixed $key): void
    {
    }
}
[$zero, $one] = new Shelf();
echo "$zero-$one\n";
