<?php
// schemaValidate by a schema from a URL.
// prints: valid

require __DIR__ . '/../fetch.php';

$document = new DOMDocument();
$document->loadXML("<list><word n='1'>a</word></list>");
echo $document->schemaValidate(HTTP . '/xsd') ? 'valid' : 'invalid', "\n";
