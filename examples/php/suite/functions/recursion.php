<?php
// A hundred frames of PHP below the wait.
// waits: http
// prints: 100

require __DIR__ . '/../fetch.php';

function down(int $depth): int
{
    return $depth === 0 ? (int) fetch('0') : 1 + down($depth - 1);
}
echo down(100), "\n";
