<?php
// switch and match compare with an object.
// waits: sleep
// prints: found

require __DIR__ . '/../fetch.php';

class Word
{
    public function __toString(): string
    {
        return fetch('b');
    }
}
switch (new Word()) {
    case 'a':
        echo "missed\n";
        break;
    case 'b':
        echo "found\n";
        break;
}
