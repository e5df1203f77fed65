<?php
// A read that takes longer than the context allows.
// prints: false

require __DIR__ . '/../fetch.php';

$context = stream_context_create(['http' => ['timeout' => 0.05]]);
echo var_export(@file_get_contents(HTTP . '/slow/400/late', false, $context), true), "\n";
