<?php
// DOMDocument::loadHTMLFile of a URL.
// prints: word

require __DIR__ . '/../fetch.php';

$document = new DOMDocument();
$document->loadHTMLFile(HTTP . '/html/word');
echo $document->getElementById('said')->textContent, "\n";
