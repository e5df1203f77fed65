<?php
// DOMDocument::load of a URL.
// prints: word

require __DIR__ . '/../fetch.php';

$document = new DOMDocument();
$document->load(HTTP . '/xml/word');
echo $document->getElementsByTagName('word')[0]->textContent, "\n";
