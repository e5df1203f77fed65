<?php
// preg_split, preg_quote and strtr with what is fetched.
// waits: http
// prints: a|c

require __DIR__ . '/../fetch.php';

echo implode('|', preg_split('/' . preg_quote(fetch('b')) . '/', fetch('abc'))), "\n";
