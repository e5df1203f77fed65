<?php
// A DTD from a URL, with an entity.
// prints: word

require __DIR__ . '/../fetch.php';

$document = new DOMDocument();
$document->loadXML("<!DOCTYPE a SYSTEM '" . HTTP . "/dtd/word'><a>&said;</a>", LIBXML_DTDLOAD | LIBXML_NOENT);
echo $document->documentElement->textContent, "\n";
