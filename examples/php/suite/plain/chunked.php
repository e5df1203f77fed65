<?php
// A chunked answer with pauses.
// prints: one,two,three,four,five

require __DIR__ . '/../fetch.php';

echo file_get_contents(HTTP . '/chunks/one,/two,/three,/four,/five'), "\n";
