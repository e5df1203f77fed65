<?php
// ZipArchive tells of its progress.
// waits: http
// prints: 1 told

require __DIR__ . '/../fetch.php';

$told = 'silent';
$zip = new ZipArchive();
$zip->open('/tmp/made.zip', ZipArchive::CREATE | ZipArchive::OVERWRITE);
$zip->addFromString('a.txt', str_repeat('a', 1000));
$zip->registerProgressCallback(0.5, function () use (&$told) {
    $told = fetch('told');
});
echo $zip->numFiles, ' ';
$zip->close();
echo $told, "\n";
