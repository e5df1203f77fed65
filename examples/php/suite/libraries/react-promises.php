<?php
// Promises of React, whose handlers wait.
// waits: http pdo
// prints: a b

require __DIR__ . '/../fetch.php';

require '/usr/share/php/React/Promise/autoload.php';

$deferred = new React\Promise\Deferred();
$deferred->promise()
    ->then(fn($word) => [fetch($word), fetch('b')])
    ->then(function (array $words) {
        echo implode(' ', $words), "\n";
    });
$deferred->resolve('a');
