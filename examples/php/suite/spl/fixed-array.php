<?php
// SplFixedArray with offsetGet overridden.
// waits: http
// prints: a

require __DIR__ . '/../fetch.php';

class Shelf extends SplFixedArray
{
    public function offsetGet(mixed $key): mixed
    {
        return fetch(parent::offsetGet($key));
    }
}
$shelf = new Shelf(1);
$shelf[0] = 'a';
echo $shelf[0], "\n";
