<?php
// A generator waits between its values.
// waits: http mysqli curl
// prints: a b

require __DIR__ . '/../fetch.php';

function words()
{
    yield fetch('a');
    yield fetch('b');
}
foreach (words() as $word) {
    $said[] = $word;
}
echo implode(' ', $said), "\n";
