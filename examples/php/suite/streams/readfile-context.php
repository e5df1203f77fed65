<?php
// readfile with a context that follows redirects by a POST.
// prints: POST x

require __DIR__ . '/../fetch.php';

$context = stream_context_create(['http' => ['method' => 'POST', 'content' => 'x', 'header' => 'Content-Type: text/plain']]);
readfile(HTTP . '/echo', false, $context);
echo "\n";
