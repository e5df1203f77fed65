<?php
// The last of two references.
// waits: http
// prints: still gone

require __DIR__ . '/../fetch.php';

class Guard
{
    public function __destruct()
    {
        echo fetch('gone'), "\n";
    }
}
$one = new Guard();
$two = &$one;
unset($one);
echo 'still ';
$two = null;
