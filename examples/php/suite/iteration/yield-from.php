<?php
// yield from a generator that waits, twice deep.
// waits: http
// prints: a b c

require __DIR__ . '/../fetch.php';

function inner()
{
    yield fetch('b');
    return fetch('c');
}
function outer()
{
    yield fetch('a');
    yield yield from inner();
}
echo implode(' ', iterator_to_array(outer(), false)), "\n";
