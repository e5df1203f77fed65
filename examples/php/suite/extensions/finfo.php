<?php
// finfo reads the first bytes of a URL.
// prints: image/png

require __DIR__ . '/../fetch.php';

$head = file_get_contents(HTTP . '/png/4/4', false, null, 0, 32);
echo (new finfo(FILEINFO_MIME_TYPE))->buffer($head), "\n";
