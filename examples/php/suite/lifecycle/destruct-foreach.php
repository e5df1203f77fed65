<?php
// foreach over temporary objects.
// waits: http
// prints: a gone b gone .

require __DIR__ . '/../fetch.php';

class Guard
{
    public function __construct(public string $word)
    {
    }

    public function __destruct()
    {
        echo fetch('gone'), ' ';
    }
}
function guards()
{
    yield new Guard('a');
    yield new Guard('b');
}
foreach (guards() as $guard) {
    echo $guard->word, ' ';
    unset($guard);
}
echo ".\n";
