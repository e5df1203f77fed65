<?php
// iterator_to_array and iterator_count.
// waits: http socket
// prints: a b 2

require __DIR__ . '/../fetch.php';

function words()
{
    yield fetch('a');
    yield fetch('b');
}
echo implode(' ', iterator_to_array(words())), ' ', iterator_count(words()), "\n";
