<?php
// fgets, a line at a time, of an answer that comes in pieces.
// prints: onetwothree

require __DIR__ . '/../fetch.php';

$stream = fopen(HTTP . '/chunks/one/two/three', 'r');
while (($line = fgets($stream)) !== false) {
    echo $line;
}
echo "\n";
