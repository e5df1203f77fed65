<?php
// getIterator waits.
// waits: http pdo
// prints: a b

require __DIR__ . '/../fetch.php';

class Words implements IteratorAggregate
{
    public function getIterator(): Iterator
    {
        return new ArrayIterator(explode('-', fetch('a-b')));
    }
}
foreach (new Words() as $word) {
    $said[] = $word;
}
echo implode(' ', $said), "\n";
