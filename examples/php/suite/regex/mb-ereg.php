<?php
// mb_ereg_replace_callback.
// waits: http
// prints: (a)(b)

require __DIR__ . '/../fetch.php';

echo mb_ereg_replace_callback('[a-z]', fn($found) => '(' . fetch($found[0]) . ')', 'ab'), "\n";
