<?php
// An answer of 404 is a warning and false.
// prints: false

require __DIR__ . '/../fetch.php';

echo var_export(@file_get_contents(HTTP . '/status/404'), true), "\n";
