<?php
// What is still there at the end.
// waits: http mysqli
// prints: last line
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
echo "last line\n";
