<?php
// An exception passes through usort.
// waits: http
// prints: caught

require __DIR__ . '/../fetch.php';

try {
    $words = ['b', 'a'];
    usort($words, function () {
        throw new RuntimeException(fetch('caught'));
    });
} catch (RuntimeException $error) {
    echo $error->getMessage(), "\n";
}
