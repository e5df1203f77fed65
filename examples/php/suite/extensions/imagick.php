<?php
// An image that was fetched, in Imagick.
// prints: 12x6

require __DIR__ . '/../fetch.php';

$image = new Imagick();
$image->readImageBlob(file_get_contents(HTTP . '/png/12/6'));
echo $image->getImageWidth(), 'x', $image->getImageHeight(), "\n";
