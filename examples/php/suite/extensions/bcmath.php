<?php
// bcadd of objects that are asked for their digits.
// waits: http
// prints: 42

require __DIR__ . '/../fetch.php';

class Digits
{
    public function __construct(private string $digits)
    {
    }

    public function __toString(): string
    {
        return fetch($this->digits);
    }
}
echo bcadd(new Digits('40'), new Digits('2')), "\n";
