<?php
// An exception thrown after a wait passes through array_map.
// waits: http curl
// prints: caught b

require __DIR__ . '/../fetch.php';

try {
    array_map(function (string $word) {
        if (fetch($word) === 'b') {
            throw new RuntimeException($word);
        }
    }, ['a', 'b', 'c']);
} catch (RuntimeException $error) {
    echo 'caught ', $error->getMessage(), "\n";
}
