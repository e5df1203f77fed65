<?php
// A closure holds what it uses.
// waits: http
// prints: called gone .

require __DIR__ . '/../fetch.php';

class Guard
{
    public function __destruct()
    {
        echo fetch('gone'), ' ';
    }
}
$guard = new Guard();
$held = function () use ($guard) {
    echo 'called ';
};
unset($guard);
$held();
unset($held);
echo ".\n";
