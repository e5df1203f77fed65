<?php
// fgetc, a character at a time.
// prints: a-b-c

require __DIR__ . '/../fetch.php';

$stream = fopen(HTTP . '/chunks/a/b/c', 'r');
$found = [];
while (($each = fgetc($stream)) !== false) {
    $found[] = $each;
}
echo implode('-', $found), "\n";
