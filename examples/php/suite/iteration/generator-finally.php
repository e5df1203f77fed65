<?php
// A generator that is left early waits in its finally.
// waits: http mysqli
// prints: a closed .

require __DIR__ . '/../fetch.php';

function words()
{
    try {
        yield 'a';
        yield 'b';
    } finally {
        echo fetch('closed'), ' ';
    }
}
foreach (words() as $word) {
    echo $word, ' ';
    break;
}
echo ".\n";
