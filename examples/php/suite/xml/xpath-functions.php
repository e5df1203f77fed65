<?php
// XPath calls a function of PHP.
// waits: http
// prints: b

require __DIR__ . '/../fetch.php';

$document = new DOMDocument();
$document->loadXML('<l><w>a</w><w>b</w></l>');
$path = new DOMXPath($document);
$path->registerNamespace('php', 'http://php.net/xpath');
$path->registerPhpFunctions();
function chosen(array $nodes): bool
{
    return fetch($nodes[0]->textContent) === 'b';
}
echo $path->query("//w[php:function('chosen', .)]")[0]->textContent, "\n";
