<?php
// count() asks Countable.
// waits: http pdo
// prints: 7

require __DIR__ . '/../fetch.php';

class Crowd implements Countable
{
    public function count(): int
    {
        return (int) fetch('7');
    }
}
echo count(new Crowd()), "\n";
