<?php
// LimitIterator skips in a generator that waits.
// waits: http
// prints: b c

require __DIR__ . '/../fetch.php';

function words()
{
    foreach (['a', 'b', 'c', 'd'] as $word) {
        yield fetch($word);
    }
}
foreach (new LimitIterator(new NoRewindIterator(words()), 1, 2) as $word) {
    $said[] = $word;
}
echo implode(' ', $said), "\n";
