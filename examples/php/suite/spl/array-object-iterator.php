<?php
// ArrayObject with an iterator class of ours.
// waits: http
// prints: a b

require __DIR__ . '/../fetch.php';

class Words extends ArrayIterator
{
    public function valid(): bool
    {
        fetch('more');
        return parent::valid();
    }
}
$words = new ArrayObject(['a', 'b'], 0, Words::class);
foreach ($words as $word) {
    $said[] = $word;
}
echo implode(' ', $said), "\n";
