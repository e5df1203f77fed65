<?php
// A query is sent, and polled for.
// prints: later

require __DIR__ . '/../fetch.php';

$link = mysqli();
$link->query("SELECT 'later'", MYSQLI_ASYNC);
do {
    $read = $error = $reject = [$link];
} while (!mysqli_poll($read, $error, $reject, 1));
echo $link->reap_async_query()->fetch_row()[0], "\n";
