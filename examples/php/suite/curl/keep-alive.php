<?php
// Two requests on one connection.
// prints: a b 1

require __DIR__ . '/../fetch.php';

$curl = curl_init();
curl_setopt($curl, CURLOPT_RETURNTRANSFER, true);
foreach (['a', 'b'] as $word) {
    curl_setopt($curl, CURLOPT_URL, HTTP . "/say/$word");
    echo curl_exec($curl), ' ';
    $made[] = curl_getinfo($curl, CURLINFO_NUM_CONNECTS);
}
echo array_sum($made), "\n";
