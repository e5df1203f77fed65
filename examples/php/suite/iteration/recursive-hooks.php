<?php
// beginChildren and endChildren.
// waits: http
// prints: (ab)

require __DIR__ . '/../fetch.php';

class Walk extends RecursiveIteratorIterator
{
    public function beginChildren(): void
    {
        echo fetch('(');
    }

    public function endChildren(): void
    {
        echo fetch(')');
    }
}
foreach (new Walk(new RecursiveArrayIterator([['a', 'b']])) as $word) {
    echo $word;
}
echo "\n";
