<?php
// An exception unwinds a function whose local has a destructor.
// waits: http
// prints: gone caught

require __DIR__ . '/../fetch.php';

class Guard
{
    public function __destruct()
    {
        echo fetch('gone'), ' ';
    }
}
function work(): void
{
    $guard = new Guard();
    throw new RuntimeException('caught');
}
try {
    work();
} catch (RuntimeException $error) {
    echo $error->getMessage(), "\n";
}
