<?php
// A callback in a method of an object.
// waits: http
// prints: word!

require __DIR__ . '/../fetch.php';

class Loud
{
    public function shout(string $text): string
    {
        return fetch($text) . '!';
    }
}
ob_start([new Loud(), 'shout']);
echo 'word';
ob_end_flush();
echo "\n";
