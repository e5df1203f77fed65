<?php
// gc_collect_cycles finds a cycle.
// waits: http pdo
// prints: gone gone .

require __DIR__ . '/../fetch.php';

class Guard
{
    public ?Guard $other = null;

    public function __destruct()
    {
        echo fetch('gone'), ' ';
    }
}
$one = new Guard();
$one->other = new Guard();
$one->other->other = $one;
unset($one);
gc_collect_cycles();
echo ".\n";
