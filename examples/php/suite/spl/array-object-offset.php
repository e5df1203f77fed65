<?php
// offsetGet and offsetSet of a class made from ArrayObject.
// waits: http
// prints: a

require __DIR__ . '/../fetch.php';

class Shelf extends ArrayObject
{
    public function offsetGet(mixed $key): mixed
    {
        return fetch(parent::offsetGet($key));
    }

    public function offsetSet(mixed $key, mixed $value): void
    {
        parent::offsetSet(fetch($key), $value);
    }
}
$shelf = new Shelf();
$shelf['x'] = 'a';
echo $shelf['x'], "\n";
