<?php
// A destructor waits and throws.
// waits: http
// prints: caught gone

require __DIR__ . '/../fetch.php';

class Guard
{
    public function __destruct()
    {
        throw new RuntimeException(fetch('gone'));
    }
}
try {
    $guard = new Guard();
    $guard = null;
} catch (RuntimeException $error) {
    echo 'caught ', $error->getMessage(), "\n";
}
