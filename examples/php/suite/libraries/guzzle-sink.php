<?php
// Guzzle: the answer goes to a file, its progress to a callback.
// waits: sleep
// prints: word told

require __DIR__ . '/../fetch.php';

require '/usr/share/php/GuzzleHttp/autoload.php';

$told = 'silent';
(new GuzzleHttp\Client())->get(HTTP . '/say/word', [
    'sink' => '/tmp/sunk',
    'progress' => function () use (&$told) {
        $told = fetch('told');
    },
]);
echo file_get_contents('/tmp/sunk'), " $told\n";
