<?php
// A header of ours goes out.
// prints: blue

require __DIR__ . '/../fetch.php';

$context = stream_context_create(['http' => ['header' => "X-Colour: blue\r\n"]]);
echo file_get_contents(HTTP . '/header/X-Colour', false, $context), "\n";
