<?php
// An archive from a server is opened and read.
// prints: made/greeting

require __DIR__ . '/../fetch.php';

copy(HTTP . '/dist/made+greeting.zip', '/tmp/greeting.zip');
$zip = new ZipArchive();
$zip->open('/tmp/greeting.zip');
echo json_decode($zip->getFromName('composer.json'))->name, "\n";
