<?php
// A property that __get and __set stand for is counted up.
// waits: http
// prints: 2

require __DIR__ . '/../fetch.php';

class Counter
{
    private array $kept = ['n' => 1];

    public function __get(string $name): int
    {
        return (int) fetch((string) $this->kept[$name]);
    }

    public function __set(string $name, int $value): void
    {
        $this->kept[$name] = (int) fetch((string) $value);
    }
}
$counter = new Counter();
$counter->n++;
echo $counter->n, "\n";
