<?php
// Composer installs Guzzle and its packages, and Guzzle then makes a request.
// prints: 0 word

require __DIR__ . '/../composer.php';

echo composer('require', 'guzzlehttp/guzzle'), ' ';
require '/tmp/project/vendor/autoload.php';
echo (new GuzzleHttp\Client())->get(getenv('HTTP_URL') . '/say/word')->getBody(), "\n";
