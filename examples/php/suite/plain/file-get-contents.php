<?php
// file_get_contents over HTTP, as plain as it gets.
// prints: word

require __DIR__ . '/../fetch.php';

echo file_get_contents(HTTP . '/say/word'), "\n";
