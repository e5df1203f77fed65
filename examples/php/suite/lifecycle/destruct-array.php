<?php
// An array of objects is let go of.
// waits: http
// prints: a b c .

require __DIR__ . '/../fetch.php';

class Guard
{
    public function __construct(private string $word)
    {
    }

    public function __destruct()
    {
        echo fetch($this->word), ' ';
    }
}
$guards = [new Guard('a'), new Guard('b'), new Guard('c')];
$guards = [];
echo ".\n";
