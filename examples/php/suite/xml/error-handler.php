<?php
// A warning of libxml reaches an error handler that waits.
// waits: http
// prints: handled

require __DIR__ . '/../fetch.php';

$said = [];
set_error_handler(function () use (&$said) {
    $said[] = fetch('handled');
    return true;
});
simplexml_load_string('<a>&none;</a>');
echo implode(array_unique($said)), "\n";
