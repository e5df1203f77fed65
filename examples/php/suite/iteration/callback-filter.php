<?php
// CallbackFilterIterator.
// waits: http pdo
// prints: yes yes

require __DIR__ . '/../fetch.php';

$words = new CallbackFilterIterator(new ArrayIterator(['yes', 'no', 'yes']), fn($word) => fetch($word) === 'yes');
echo implode(' ', iterator_to_array($words, false)), "\n";
