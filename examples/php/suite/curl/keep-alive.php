<?php
// Two requests by one handle, which keeps its connection where it can.
// prints: a b

require __DIR__ . '/../fetch.php';

$curl = curl_init();
curl_setopt($curl, CURLOPT_RETURNTRANSFER, true);
foreach (['a', 'b'] as $word) {
    curl_setopt($curl, CURLOPT_URL, HTTP . "/say/$word");
    $said[] = curl_exec($curl);
}
echo implode(' ', $said), "\n";
