<?php
// header_register_callback before the first output.
// waits: http
// prints: body
// prints: called

require __DIR__ . '/../fetch.php';

header_register_callback(function () {
    $GLOBALS['word'] = fetch('called');
});
echo "body\n";
echo $word ?? 'called', "\n";
