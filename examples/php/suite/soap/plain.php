<?php
// SoapClient without a description.
// prints: WORD

require __DIR__ . '/../fetch.php';

$client = new SoapClient(null, ['location' => HTTP . '/soap', 'uri' => 'urn:say']);
echo $client->say(new SoapParam('word', 'word')), "\n";
