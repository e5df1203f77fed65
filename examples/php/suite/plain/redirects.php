<?php
// Three redirects are followed inside of one call.
// prints: word

require __DIR__ . '/../fetch.php';

echo file_get_contents(HTTP . '/redirect/3/word'), "\n";
