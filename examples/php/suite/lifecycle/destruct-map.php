<?php
// array_map lets go of what it was given.
// waits: http
// prints: gone gone 2

require __DIR__ . '/../fetch.php';

class Guard
{
    public function __destruct()
    {
        echo fetch('gone'), ' ';
    }
}
echo count(array_map(fn() => new Guard(), [1, 2])), "\n";
