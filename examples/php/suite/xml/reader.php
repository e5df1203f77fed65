<?php
// XMLReader::open of a URL.
// prints: word end

require __DIR__ . '/../fetch.php';

$reader = XMLReader::open(HTTP . '/xml/word');
while ($reader->read()) {
    if ($reader->nodeType === XMLReader::TEXT) {
        $words[] = $reader->value;
    }
}
echo implode(' ', $words), "\n";
