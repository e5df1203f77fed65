<?php
// ArrayIterator::current, overridden, in a foreach.
// waits: http
// prints: a b

require __DIR__ . '/../fetch.php';

class Words extends ArrayIterator
{
    public function current(): mixed
    {
        return fetch(parent::current());
    }
}
foreach (new Words(['a', 'b']) as $word) {
    $said[] = $word;
}
echo implode(' ', $said), "\n";
