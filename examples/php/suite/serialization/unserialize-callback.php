<?php
// unserialize_callback_func is asked for a class that is missing.
// waits: http
// prints: loaded Missing

require __DIR__ . '/../fetch.php';

ini_set('unserialize_callback_func', 'load');
function load(string $class): void
{
    echo fetch('loaded'), ' ';
    eval("class $class {}");
}
echo unserialize('O:7:"Missing":0:{}')::class, "\n";
