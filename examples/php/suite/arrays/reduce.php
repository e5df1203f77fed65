<?php
// array_reduce carries what comes back.
// waits: http mysqli
// prints: abc

require __DIR__ . '/../fetch.php';

echo array_reduce(['a', 'b', 'c'], fn($so_far, $word) => fetch($so_far . $word), ''), "\n";
