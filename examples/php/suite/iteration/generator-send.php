<?php
// send() into a generator that waits with what it gets.
// waits: http
// prints: start a b

require __DIR__ . '/../fetch.php';

function answers()
{
    $word = yield 'start';
    while (true) {
        $word = yield fetch($word);
    }
}
$answers = answers();
echo $answers->current(), ' ', $answers->send('a'), ' ', $answers->send('b'), "\n";
