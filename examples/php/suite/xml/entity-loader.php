<?php
// The loader of external entities waits and answers.
// waits: http mysqli
// prints: word

require __DIR__ . '/../fetch.php';

libxml_set_external_entity_loader(function () {
    $stream = fopen('php://memory', 'w+');
    fwrite($stream, "<!ENTITY said '" . fetch('word') . "'>");
    rewind($stream);
    return $stream;
});
$document = new DOMDocument();
$document->loadXML("<!DOCTYPE a SYSTEM 'any.dtd'><a>&said;</a>", LIBXML_DTDLOAD | LIBXML_NOENT);
echo $document->documentElement->textContent, "\n";
