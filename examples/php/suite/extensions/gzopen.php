<?php
// gzopen of a URL, by lines.
// prints: word

require __DIR__ . '/../fetch.php';

$stream = gzopen(HTTP . '/gzip-file/word', 'r');
echo gzgets($stream), "\n";
