<?php
// simplexml_load_file of a URL: libxml reads through PHP's streams.
// prints: word

require __DIR__ . '/../fetch.php';

echo simplexml_load_file(HTTP . '/xml/word')->word[0], "\n";
