<?php
// A property is overwritten.
// waits: http sleep
// prints: gone .

require __DIR__ . '/../fetch.php';

class Guard
{
    public function __destruct()
    {
        echo fetch('gone'), ' ';
    }
}
class Holder
{
    public ?Guard $guard = null;
}
$holder = new Holder();
$holder->guard = new Guard();
$holder->guard = null;
echo ".\n";
