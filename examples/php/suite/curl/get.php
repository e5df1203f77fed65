<?php
// A plain request.
// prints: word

require __DIR__ . '/../fetch.php';

$curl = curl_init(HTTP . '/say/word');
curl_exec($curl);
echo "\n";
