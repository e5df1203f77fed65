<?php
// A generator with an open finally is let go of.
// waits: http
// prints: a closed .

require __DIR__ . '/../fetch.php';

function words()
{
    try {
        yield 'a';
    } finally {
        echo fetch('closed'), ' ';
    }
}
$words = words();
echo $words->current(), ' ';
$words = null;
echo ".\n";
