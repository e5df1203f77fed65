<?php
// array_filter with key and value.
// prints: b

require __DIR__ . '/../fetch.php';

echo implode(array_keys(array_filter(['a' => 1, 'b' => 2], fn($v, $k) => fetch("$k$v") === 'b2', ARRAY_FILTER_USE_BOTH))), "\n";
