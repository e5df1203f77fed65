<?php
// array_filter decides by what a server says.
// waits: http pdo
// prints: yes yes

require __DIR__ . '/../fetch.php';

echo implode(' ', array_filter(['yes', 'no', 'yes'], fn($word) => fetch($word) === 'yes')), "\n";
