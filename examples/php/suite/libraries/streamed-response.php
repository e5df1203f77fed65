<?php
// A streamed response of Symfony's, whose callback waits.
// waits: http mysqli
// prints: word

require __DIR__ . '/../fetch.php';

require '/usr/share/php/Symfony/Component/HttpFoundation/autoload.php';

(new Symfony\Component\HttpFoundation\StreamedResponse(function () {
    echo fetch('word'), "\n";
}))->sendContent();
