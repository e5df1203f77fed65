<?php
// The notification callback of an HTTP context waits in the middle of a request.
// waits: http curl
// prints: word noted

require __DIR__ . '/../fetch.php';

$noted = 'not';
$context = stream_context_create(['http' => []], ['notification' => function (int $code) use (&$noted) {
    if ($code === STREAM_NOTIFY_MIME_TYPE_IS) {
        $noted = fetch('noted');
    }
}]);
echo file_get_contents(HTTP . '/say/word', false, $context), ' ', $noted, "\n";
