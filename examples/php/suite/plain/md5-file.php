<?php
// md5_file and sha1_file read through HTTP.
// prints: ok ok ok

require __DIR__ . '/../fetch.php';

echo md5_file(HTTP . '/say/word') === md5('word') ? 'ok' : 'not', ' ';
echo sha1_file(HTTP . '/say/word') === sha1('word') ? 'ok' : 'not', ' ';
echo hash_file('crc32b', HTTP . '/say/word') === hash('crc32b', 'word') ? 'ok' : 'not', "\n";
