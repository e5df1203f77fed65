<?php
// The zlib wrapper opens the HTTP wrapper below it.
// prints: word

require __DIR__ . '/../fetch.php';

echo file_get_contents('compress.zlib://' . HTTP . '/gzip-file/word'), "\n";
