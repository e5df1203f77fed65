<?php
// SoapClient reads a description and calls.
// prints: WORD

require __DIR__ . '/../fetch.php';

ini_set('soap.wsdl_cache_enabled', '0');
echo (new SoapClient(HTTP . '/wsdl', ['cache_wsdl' => WSDL_CACHE_NONE]))->say('word'), "\n";
