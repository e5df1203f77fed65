<?php
// A POST with fields.
// prints: POST a=1

require __DIR__ . '/../fetch.php';

$curl = curl_init(HTTP . '/echo');
curl_setopt_array($curl, [CURLOPT_POSTFIELDS => 'a=1', CURLOPT_RETURNTRANSFER => true]);
echo curl_exec($curl), "\n";
