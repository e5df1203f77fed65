<?php
// A call within array_map.
// prints: A B

require __DIR__ . '/../fetch.php';

$client = new SoapClient(null, ['location' => HTTP . '/soap', 'uri' => 'urn:say']);
echo implode(' ', array_map(fn($word) => $client->say(new SoapParam($word, 'word')), ['a', 'b'])), "\n";
