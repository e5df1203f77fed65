<?php
// The function that gives the body waits itself.
// waits: http
// prints: PUT word

require __DIR__ . '/../fetch.php';

$curl = curl_init(HTTP . '/echo');
$left = 'word';
curl_setopt_array($curl, [
    CURLOPT_UPLOAD => true,
    CURLOPT_INFILESIZE => 4,
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_READFUNCTION => function () use (&$left) {
        [$part, $left] = [$left, ''];
        return $part === '' ? '' : fetch($part);
    },
]);
echo curl_exec($curl), "\n";
