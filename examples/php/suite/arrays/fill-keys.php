<?php
// array_fill_keys, array_combine and array_flip with a string that is fetched.
// prints: k

require __DIR__ . '/../fetch.php';

class Key
{
    public function __toString(): string
    {
        return fetch('k');
    }
}
echo implode(array_keys(array_fill_keys([new Key()], 1))), "\n";
