<?php
// unserialize of a tree, each part of which waits.
// waits: sleep
// prints: 3

require __DIR__ . '/../fetch.php';

class Part
{
    public static int $awake = 0;
    public ?Part $next = null;

    public function __wakeup(): void
    {
        fetch('x');
        self::$awake++;
    }
}
$part = new Part();
$part->next = new Part();
$part->next->next = new Part();
unserialize(serialize($part));
echo Part::$awake, "\n";
