<?php
// uasort keeps the keys.
// waits: http
// prints: 1:a 0:b

require __DIR__ . '/../fetch.php';

$words = ['b', 'a'];
uasort($words, fn($one, $two) => fetch($one) <=> fetch($two));
foreach ($words as $key => $word) {
    $said[] = "$key:$word";
}
echo implode(' ', $said), "\n";
