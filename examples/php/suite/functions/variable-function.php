<?php
// A function called by its name in a variable.
// waits: socket
// prints: a

require __DIR__ . '/../fetch.php';

$name = 'fetch';
echo $name('a'), "\n";
