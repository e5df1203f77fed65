<?php
// An argument that only the call held.
// waits: http
// prints: in gone out

require __DIR__ . '/../fetch.php';

class Guard
{
    public function __destruct()
    {
        echo fetch('gone'), ' ';
    }
}
function take(Guard $guard): void
{
    echo 'in ';
}
take(new Guard());
echo "out\n";
