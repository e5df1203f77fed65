<?php
// fopen, fread and feof.
// prints: 20000

require __DIR__ . '/../fetch.php';

$stream = fopen(HTTP . '/bytes/20000', 'r');
$size = 0;
while (!feof($stream)) {
    $size += strlen(fread($stream, 4096));
}
echo $size, "\n";
