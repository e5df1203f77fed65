<?php
// fgetcsv of what a server sends.
// prints: said+word next+row

require __DIR__ . '/../fetch.php';

$stream = fopen(HTTP . '/csv/word', 'r');
while ($row = fgetcsv($stream)) {
    $rows[] = implode('+', $row);
}
echo implode(' ', $rows), "\n";
