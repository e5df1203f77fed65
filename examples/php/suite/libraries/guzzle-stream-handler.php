<?php
// Guzzle over PHP's streams instead of curl, with a middleware that asks a second time.
// waits: http mysqli
// prints: word asked

require __DIR__ . '/../fetch.php';

require '/usr/share/php/GuzzleHttp/autoload.php';

$stack = GuzzleHttp\HandlerStack::create(new GuzzleHttp\Handler\StreamHandler());
$stack->push(GuzzleHttp\Middleware::mapResponse(fn($answer) => $answer->withHeader('X-Asked', fetch('asked'))));
$client = new GuzzleHttp\Client(['base_uri' => HTTP, 'handler' => $stack]);
$answer = $client->get('/say/word');
echo $answer->getBody(), ' ', $answer->getHeaderLine('X-Asked'), "\n";
