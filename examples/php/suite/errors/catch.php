<?php
// Waiting in try, catch and finally.
// waits: http mysqli
// prints: try catch finally

require __DIR__ . '/../fetch.php';

try {
    echo fetch('try'), ' ';
    throw new RuntimeException('x');
} catch (RuntimeException) {
    echo fetch('catch'), ' ';
} finally {
    echo fetch('finally'), "\n";
}
