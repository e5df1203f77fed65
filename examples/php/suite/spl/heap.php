<?php
// SplHeap asks compare() when it takes and gives.
// waits: http mysqli
// prints: a b c

require __DIR__ . '/../fetch.php';

class Sorted extends SplHeap
{
    protected function compare(mixed $one, mixed $two): int
    {
        return strcmp(fetch($two), fetch($one));
    }
}
$heap = new Sorted();
array_map([$heap, 'insert'], ['c', 'a', 'b']);
echo implode(' ', iterator_to_array($heap, false)), "\n";
