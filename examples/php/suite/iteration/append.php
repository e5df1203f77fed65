<?php
// AppendIterator goes from one to the next.
// waits: http
// prints: a b c

require __DIR__ . '/../fetch.php';

function words(string ...$words)
{
    foreach ($words as $word) {
        yield fetch($word);
    }
}
$all = new AppendIterator();
$all->append(new NoRewindIterator(words('a')));
$all->append(new NoRewindIterator(words('b', 'c')));
foreach ($all as $word) {
    $said[] = $word;
}
echo implode(' ', $said), "\n";
