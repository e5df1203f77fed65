<?php
// Two requests by one handle, which keeps its connection; after a second it looks whether that still lives.
// prints: a b

require __DIR__ . '/../fetch.php';

$curl = curl_init();
curl_setopt($curl, CURLOPT_RETURNTRANSFER, true);
$said = [];
foreach (['a', 'b'] as $word) {
    usleep(1100000 * count($said));
    curl_setopt($curl, CURLOPT_URL, HTTP . "/say/$word");
    $said[] = curl_exec($curl);
}
echo implode(' ', $said), "\n";
