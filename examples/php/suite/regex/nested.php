<?php
// A callback that itself replaces.
// waits: http
// prints: <a1><b1>

require __DIR__ . '/../fetch.php';

echo preg_replace_callback('/\w\d/', fn($outer) => '<' . preg_replace_callback('/\w/', fn($inner) => fetch($inner[0]), $outer[0]) . '>', 'a1b1'), "\n";
