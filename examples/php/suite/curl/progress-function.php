<?php
// The function that is told of progress waits itself.
// waits: sleep
// prints: word told

require __DIR__ . '/../fetch.php';

$told = 'silent';
$curl = curl_init(HTTP . '/say/word');
curl_setopt_array($curl, [
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_NOPROGRESS => false,
    CURLOPT_PROGRESSFUNCTION => function () use (&$told) {
        $told = fetch('told');
        return 0;
    },
]);
echo curl_exec($curl), " $told\n";
