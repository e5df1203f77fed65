<?php
// get_headers follows no body.
// prints: HTTP/1.1 200 OK yes

require __DIR__ . '/../fetch.php';

$headers = get_headers(HTTP . '/answer-header/X-Said/yes', true);
echo $headers[0], ' ', $headers['X-Said'], "\n";
