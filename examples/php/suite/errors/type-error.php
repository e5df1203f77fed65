<?php
// A TypeError of a callback is caught around it.
// waits: http
// prints: caught

require __DIR__ . '/../fetch.php';

try {
    array_map(fn(int $n): int => fetch('word'), [1]);
} catch (TypeError) {
    echo "caught\n";
}
