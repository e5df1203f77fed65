<?php
// A POST through a stream context.
// prints: POST a=1&b=2

require __DIR__ . '/../fetch.php';

$context = stream_context_create(['http' => [
    'method' => 'POST',
    'header' => 'Content-Type: application/x-www-form-urlencoded',
    'content' => http_build_query(['a' => 1, 'b' => 2]),
]]);
echo file_get_contents(HTTP . '/echo', false, $context), "\n";
