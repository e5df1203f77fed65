<?php
// count() of an ArrayObject whose count() is overridden.
// waits: http
// prints: 5

require __DIR__ . '/../fetch.php';

class Many extends ArrayObject
{
    public function count(): int
    {
        return (int) fetch('5');
    }
}
echo count(new Many([1])), "\n";
