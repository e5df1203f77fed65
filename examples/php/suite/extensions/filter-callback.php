<?php
// filter_var with a callback.
// waits: http
// prints: word!

require __DIR__ . '/../fetch.php';

echo filter_var('word', FILTER_CALLBACK, ['options' => fn($word) => fetch($word) . '!']), "\n";
