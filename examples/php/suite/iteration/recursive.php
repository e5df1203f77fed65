<?php
// RecursiveIteratorIterator asks for children.
// waits: http
// prints: a b c

require __DIR__ . '/../fetch.php';

class Tree extends RecursiveArrayIterator
{
    public function hasChildren(): bool
    {
        return fetch(is_array($this->current()) ? 'yes' : 'no') === 'yes';
    }

    public function getChildren(): ?RecursiveArrayIterator
    {
        fetch('down');
        return new self($this->current());
    }
}
echo implode(' ', iterator_to_array(new RecursiveIteratorIterator(new Tree(['a', ['b', ['c']]])), false)), "\n";
