<?php
// iterator_apply calls back for each.
// waits: http
// prints: a b

require __DIR__ . '/../fetch.php';

$words = new ArrayIterator(['a', 'b']);
iterator_apply($words, function () use ($words, &$said) {
    $said[] = fetch($words->current());
    return true;
});
echo implode(' ', $said), "\n";
