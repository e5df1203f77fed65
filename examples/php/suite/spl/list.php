<?php
// SplDoublyLinkedList with offsetSet and push overridden.
// waits: curl
// prints: a b

require __DIR__ . '/../fetch.php';

class Words extends SplDoublyLinkedList
{
    public function push(mixed $word): void
    {
        parent::push(fetch($word));
    }
}
$words = new Words();
$words->push('a');
$words->push('b');
echo implode(' ', iterator_to_array($words)), "\n";
