<?php
// exif_read_data of what is no photograph.
// prints: none

require __DIR__ . '/../fetch.php';

echo @exif_read_data(HTTP . '/png/4/4') === false ? 'none' : 'some', "\n";
