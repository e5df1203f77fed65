<?php
// getimagesize reads just the head of a picture.
// prints: 30x20 image/png

require __DIR__ . '/../fetch.php';

[$width, $height] = $size = getimagesize(HTTP . '/png/30/20');
echo "{$width}x{$height} {$size['mime']}\n";
