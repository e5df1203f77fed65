<?php
// Named and spread arguments evaluated by waiting.
// waits: mysqli
// prints: b-a

require __DIR__ . '/../fetch.php';

function join_two(string $one, string $two): string
{
    return "$one-$two";
}
echo join_two(...['two' => fetch('a'), 'one' => fetch('b')]), "\n";
