<?php
// throw() into a generator, which waits in its catch.
// waits: http pdo
// prints: caught oops

require __DIR__ . '/../fetch.php';

function answers()
{
    try {
        yield 'start';
    } catch (RuntimeException $error) {
        yield 'caught ' . fetch($error->getMessage());
    }
}
$answers = answers();
$answers->current();
echo $answers->throw(new RuntimeException('oops')), "\n";
