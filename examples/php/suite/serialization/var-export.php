<?php
// var_dump of an object with __debugInfo in an array.
// waits: http
// prints: word

require __DIR__ . '/../fetch.php';

class Hidden
{
    public function __debugInfo(): array
    {
        return ['said' => fetch('word')];
    }
}
ob_start();
var_dump([new Hidden()]);
preg_match('/"(w\w+)"/', ob_get_clean(), $found);
echo $found[1], "\n";
