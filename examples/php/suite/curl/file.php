<?php
// CURLOPT_FILE writes to a stream.
// prints: word

require __DIR__ . '/../fetch.php';

$file = fopen('/tmp/curled', 'w');
$curl = curl_init(HTTP . '/chunks/wo/rd');
curl_setopt($curl, CURLOPT_FILE, $file);
curl_exec($curl);
fclose($file);
echo file_get_contents('/tmp/curled'), "\n";
