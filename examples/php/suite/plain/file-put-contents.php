<?php
// file_put_contents takes a stream that has yet to be read.
// prints: word

require __DIR__ . '/../fetch.php';

file_put_contents('/tmp/put', fopen(HTTP . '/slow/10/word', 'r'));
echo file_get_contents('/tmp/put'), "\n";
