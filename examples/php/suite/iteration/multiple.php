<?php
// MultipleIterator goes through two at once.
// waits: http
// prints: a1 b2

require __DIR__ . '/../fetch.php';

function words(string ...$words)
{
    foreach ($words as $word) {
        yield fetch($word);
    }
}
$both = new MultipleIterator();
$both->attachIterator(words('a', 'b'));
$both->attachIterator(words('1', '2'));
foreach ($both as [$one, $two]) {
    $said[] = $one . $two;
}
echo implode(' ', $said), "\n";
