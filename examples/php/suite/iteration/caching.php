<?php
// CachingIterator reads one ahead.
// waits: curl
// prints: a, b, c.

require __DIR__ . '/../fetch.php';

function words()
{
    yield fetch('a');
    yield fetch('b');
    yield fetch('c');
}
$words = new CachingIterator(words());
foreach ($words as $word) {
    echo $word, $words->hasNext() ? ', ' : ".\n";
}
