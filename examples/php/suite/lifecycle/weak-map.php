<?php
// A WeakMap loses an entry when its key goes.
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
$map = new WeakMap();
$guard = new Guard();
$map[$guard] = 1;
unset($guard);
echo count($map), "\n";
