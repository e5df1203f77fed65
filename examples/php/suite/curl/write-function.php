<?php
// The function that takes the answer waits itself.
// waits: http socket mysqli
// prints: one two

require __DIR__ . '/../fetch.php';

$curl = curl_init(HTTP . '/chunks/one/two');
curl_setopt($curl, CURLOPT_WRITEFUNCTION, function ($curl, string $data) use (&$said) {
    $said[] = fetch($data);
    return strlen($data);
});
curl_exec($curl);
echo implode(' ', str_split(implode($said), 3)), "\n";
