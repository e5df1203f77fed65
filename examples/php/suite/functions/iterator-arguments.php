<?php
// Arguments spread from a generator that waits.
// waits: http
// prints: a+b

require __DIR__ . '/../fetch.php';

function words()
{
    yield fetch('a');
    yield fetch('b');
}
echo (fn($one, $two) => "$one+$two")(...words()), "\n";
