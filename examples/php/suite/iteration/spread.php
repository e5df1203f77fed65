<?php
// An array unpacked from a generator.
// waits: http
// prints: a b c

require __DIR__ . '/../fetch.php';

function words()
{
    yield fetch('b');
    yield fetch('c');
}
echo implode(' ', ['a', ...words()]), "\n";
