<?php
// gd reads a picture through PHP's streams.
// prints: 7x5

require __DIR__ . '/../fetch.php';

$image = imagecreatefrompng(HTTP . '/png/7/5');
echo imagesx($image), 'x', imagesy($image), "\n";
