<?php
// Guzzle: three requests at once, by promises.
// prints: a b c

require '/usr/share/php/GuzzleHttp/autoload.php';

$client = new GuzzleHttp\Client(['base_uri' => getenv('HTTP_URL')]);
$asked = array_map(fn($word) => $client->getAsync("/slow/10/$word"), ['a', 'b', 'c']);
$answers = GuzzleHttp\Promise\Utils::unwrap($asked);
echo implode(' ', array_map(fn($answer) => (string) $answer->getBody(), $answers)), "\n";
