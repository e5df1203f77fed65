<?php
// A port at which nobody listens.
// prints: false

require __DIR__ . '/../fetch.php';

echo var_export(@file_get_contents('http://127.0.0.1:1/'), true), "\n";
