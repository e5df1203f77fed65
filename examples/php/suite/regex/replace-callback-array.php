<?php
// preg_replace_callback_array.
// waits: http pdo
// prints: a! 2.

require __DIR__ . '/../fetch.php';

echo preg_replace_callback_array([
    '/[a-z]/' => fn($found) => fetch($found[0]) . '!',
    '/[0-9]/' => fn($found) => fetch($found[0]) . '.',
], 'a 2'), "\n";
