<?php
// Guzzle, over curl: GET, POST as JSON, redirects, an error that throws.
// prints: word POST {"a":1} word 404

require '/usr/share/php/GuzzleHttp/autoload.php';

$client = new GuzzleHttp\Client(['base_uri' => getenv('HTTP_URL')]);
echo $client->get('/say/word')->getBody(), ' ';
echo $client->post('/echo', ['json' => ['a' => 1]])->getBody(), ' ';
echo $client->get('/redirect/2/word')->getBody(), ' ';
try {
    $client->get('/status/404');
} catch (GuzzleHttp\Exception\ClientException $error) {
    echo $error->getResponse()->getStatusCode(), "\n";
}
