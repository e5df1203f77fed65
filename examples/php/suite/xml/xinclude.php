<?php
// XInclude of a URL.
// prints: word

require __DIR__ . '/../fetch.php';

$document = new DOMDocument();
$document->loadXML("<a xmlns:xi='http://www.w3.org/2001/XInclude'><xi:include href='" . HTTP . "/xml/word'/></a>");
$document->xinclude();
echo $document->getElementsByTagName('word')[0]->textContent, "\n";
