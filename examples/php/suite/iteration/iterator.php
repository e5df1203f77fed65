<?php
// All five methods of an Iterator wait.
// waits: http mysqli socket
// prints: x=a y=b

require __DIR__ . '/../fetch.php';

class Words implements Iterator
{
    private int $at = 0;

    public function current(): string
    {
        return fetch(['a', 'b'][$this->at]);
    }

    public function key(): string
    {
        return fetch(['x', 'y'][$this->at]);
    }

    public function next(): void
    {
        $this->at = (int) fetch((string) ($this->at + 1));
    }

    public function rewind(): void
    {
        $this->at = (int) fetch('0');
    }

    public function valid(): bool
    {
        return (int) fetch((string) $this->at) < 2;
    }
}
foreach (new Words() as $key => $word) {
    $said[] = "$key=$word";
}
echo implode(' ', $said), "\n";
