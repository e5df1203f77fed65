<?php
// A closure bound to an object, and call().
// waits: http
// prints: hidden hidden

require __DIR__ . '/../fetch.php';

class Box
{
    private string $word = 'hidden';
}
$open = function () {
    return fetch($this->word);
};
echo Closure::bind($open, new Box(), Box::class)(), ' ', $open->call(new Box()), "\n";
