<?php
// A destructor that lets go of another object.
// waits: http
// prints: outer inner .

require __DIR__ . '/../fetch.php';

class Inner
{
    public function __destruct()
    {
        echo fetch('inner'), ' ';
    }
}
class Outer
{
    private Inner $inner;

    public function __construct()
    {
        $this->inner = new Inner();
    }

    public function __destruct()
    {
        echo fetch('outer'), ' ';
    }
}
$outer = new Outer();
unset($outer);
echo ".\n";
