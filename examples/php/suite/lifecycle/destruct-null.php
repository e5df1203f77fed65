<?php
// $a = null runs a destructor that waits.
// waits: http mysqli socket
// prints: gone
// prints: after

require __DIR__ . '/../fetch.php';

class Guard
{
    public function __destruct()
    {
        echo fetch('gone'), "\n";
    }
}
$guard = new Guard();
$guard = null;
echo "after\n";
