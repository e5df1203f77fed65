<?php
// An element is overwritten, one popped, one shifted.
// waits: http
// prints: a c b .

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
$guards[0] = null;
array_pop($guards);
array_splice($guards, 0, 2);
echo ".\n";
