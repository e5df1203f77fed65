<?php
// preg_replace_callback.
// waits: http mysqli socket
// prints: [a]-[b]

require __DIR__ . '/../fetch.php';

echo preg_replace_callback('/\w/', fn($found) => '[' . fetch($found[0]) . ']', 'a-b'), "\n";
