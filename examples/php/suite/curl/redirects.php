<?php
// Redirects, cookies and a password.
// prints: word 200 come in

require __DIR__ . '/../fetch.php';

$curl = curl_init(HTTP . '/redirect/2/word');
curl_setopt_array($curl, [CURLOPT_FOLLOWLOCATION => true, CURLOPT_RETURNTRANSFER => true]);
echo curl_exec($curl), ' ', curl_getinfo($curl, CURLINFO_HTTP_CODE), ' ';
curl_setopt_array($curl, [CURLOPT_URL => HTTP . '/private', CURLOPT_USERPWD => 'me:mine']);
echo curl_exec($curl), "\n";
