<?php
// IteratorIterator over an aggregate.
// waits: mysqli
// prints: a b

require __DIR__ . '/../fetch.php';

class Words implements IteratorAggregate
{
    public function getIterator(): Generator
    {
        yield fetch('a');
        yield fetch('b');
    }
}
echo implode(' ', iterator_to_array(new IteratorIterator(new Words()), false)), "\n";
