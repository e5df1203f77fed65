<?php
// in_array compares a string with an object.
// prints: found

require __DIR__ . '/../fetch.php';

class Word
{
    public function __toString(): string
    {
        return fetch('b');
    }
}
echo in_array('b', ['a', new Word()]) ? 'found' : 'missed', "\n";
