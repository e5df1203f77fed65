<?php
// The end of a function runs the destructor of a local.
// waits: http pdo
// prints: inside
// prints: gone

require __DIR__ . '/../fetch.php';

class Guard
{
    public function __destruct()
    {
        echo fetch('gone'), "\n";
    }
}
function work(): void
{
    $guard = new Guard();
    echo "inside\n";
}
work();
