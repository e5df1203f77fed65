<?php
// A temporary that nobody keeps.
// waits: http
// prints: gone

require __DIR__ . '/../fetch.php';

class Guard
{
    public function __destruct()
    {
        echo fetch('gone'), "\n";
    }
}
new Guard();
