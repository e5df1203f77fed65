<?php
// A phar is built from an iterator that waits.
// waits: http
// prints: word

require __DIR__ . '/../fetch.php';

function files()
{
    yield 'a.txt' => fopen('data:text/plain,' . fetch('word'), 'r');
}
$phar = new PharData('/tmp/built.tar');
$phar->buildFromIterator(files());
echo file_get_contents('phar:///tmp/built.tar/a.txt'), "\n";
