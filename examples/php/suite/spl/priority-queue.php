<?php
// SplPriorityQueue::compare.
// waits: http
// prints: high low

require __DIR__ . '/../fetch.php';

class Queue extends SplPriorityQueue
{
    public function compare(mixed $one, mixed $two): int
    {
        return (int) fetch((string) $one) <=> (int) fetch((string) $two);
    }
}
$queue = new Queue();
$queue->insert('low', 1);
$queue->insert('high', 9);
echo $queue->extract(), ' ', $queue->extract(), "\n";
