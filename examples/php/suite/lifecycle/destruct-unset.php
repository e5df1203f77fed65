<?php
// unset() runs a destructor.
// waits: http curl
// prints: gone

require __DIR__ . '/../fetch.php';

class Guard
{
    public function __destruct()
    {
        echo fetch('gone'), "\n";
    }
}
$guard = new Guard();
unset($guard);
