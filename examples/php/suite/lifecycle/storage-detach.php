<?php
// SplObjectStorage lets go of an object.
// waits: http
// prints: gone 0

require __DIR__ . '/../fetch.php';

class Guard
{
    public function __destruct()
    {
        echo fetch('gone'), ' ';
    }
}
$storage = new SplObjectStorage();
$guard = new Guard();
$storage->attach($guard);
$storage->detach($guard);
$guard = null;
echo count($storage), "\n";
