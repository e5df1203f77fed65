<?php
// call_user_func and call_user_func_array.
// waits: http pdo
// prints: a b

require __DIR__ . '/../fetch.php';

echo call_user_func('fetch', 'a'), ' ', call_user_func_array('fetch', ['word' => 'b']), "\n";
