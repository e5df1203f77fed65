<?php
// array_diff_ukey compares keys by a callback.
// waits: curl
// prints: b

require __DIR__ . '/../fetch.php';

echo implode(array_keys(array_diff_ukey(['a' => 1, 'b' => 2], ['a' => 9], fn($one, $two) => fetch($one) <=> fetch($two)))), "\n";
