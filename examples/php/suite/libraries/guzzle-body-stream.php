<?php
// Guzzle: a body that is read while it comes.
// prints: one two

require '/usr/share/php/GuzzleHttp/autoload.php';

$client = new GuzzleHttp\Client(['base_uri' => getenv('HTTP_URL')]);
$body = $client->get('/chunks/one/%20two', ['stream' => true])->getBody();
$text = '';
while (!$body->eof()) {
    $text .= $body->read(3);
}
echo $text, "\n";
