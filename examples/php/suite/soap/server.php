<?php
// A SoapServer whose function waits.
// waits: http
// prints: said:word

require __DIR__ . '/../fetch.php';

function say(string $word): string
{
    return 'said:' . fetch($word);
}
$server = new SoapServer(null, ['uri' => 'urn:say']);
$server->addFunction('say');
ob_start();
$server->handle('<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
    . '<s:say xmlns:s="urn:say"><word>word</word></s:say></e:Body></e:Envelope>');
preg_match('/said:\w+/', ob_get_clean(), $found);
echo $found[0], "\n";
