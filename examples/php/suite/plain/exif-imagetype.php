<?php
// exif_imagetype opens its own stream.
// prints: png

require __DIR__ . '/../fetch.php';

echo exif_imagetype(HTTP . '/png/3/3') === IMAGETYPE_PNG ? 'png' : 'another', "\n";
