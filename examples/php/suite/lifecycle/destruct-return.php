<?php
// A returned object is not used.
// waits: curl
// prints: gone .

require __DIR__ . '/../fetch.php';

class Guard
{
    public function __destruct()
    {
        echo fetch('gone'), ' ';
    }
}
function make(): Guard
{
    return new Guard();
}
make();
echo ".\n";
