<?php
// Twelve frames of array_map below the wait: frames of C.
// waits: http
// prints: 12

require __DIR__ . '/../fetch.php';

function down(int $depth): int
{
    return $depth === 0 ? (int) fetch('0') : 1 + array_map('down', [$depth - 1])[0];
}
echo down(12), "\n";
