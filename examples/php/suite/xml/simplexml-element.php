<?php
// new SimpleXMLElement of a URL.
// prints: word

require __DIR__ . '/../fetch.php';

echo (new SimpleXMLElement(HTTP . '/xml/word', 0, true))->word[0], "\n";
