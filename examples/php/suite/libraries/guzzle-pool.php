<?php
// Guzzle: a pool of requests from a generator.
// prints: a b c d

require '/usr/share/php/GuzzleHttp/autoload.php';

$client = new GuzzleHttp\Client(['base_uri' => getenv('HTTP_URL')]);
$requests = function () {
    foreach (['a', 'b', 'c', 'd'] as $word) {
        yield new GuzzleHttp\Psr7\Request('GET', "/say/$word");
    }
};
$pool = new GuzzleHttp\Pool($client, $requests(), [
    'concurrency' => 2,
    'fulfilled' => function ($answer) use (&$said) {
        $said[] = (string) $answer->getBody();
    },
]);
$pool->promise()->wait();
sort($said);
echo implode(' ', $said), "\n";
