<?php
// A static property is overwritten.
// waits: http
// prints: gone .

require __DIR__ . '/../fetch.php';

class Guard
{
    public static ?Guard $one = null;

    public function __destruct()
    {
        echo fetch('gone'), ' ';
    }
}
Guard::$one = new Guard();
Guard::$one = null;
echo ".\n";
