<?php
// FilterIterator::accept.
// waits: http
// prints: b

require __DIR__ . '/../fetch.php';

class Chosen extends FilterIterator
{
    public function accept(): bool
    {
        return fetch($this->current()) === 'b';
    }
}
echo implode(' ', iterator_to_array(new Chosen(new ArrayIterator(['a', 'b'])), false)), "\n";
