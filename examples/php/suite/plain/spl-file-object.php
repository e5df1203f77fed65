<?php
// SplFileObject reads HTTP line by line.
// prints: line 1,line 2

require __DIR__ . '/../fetch.php';

$file = new SplFileObject(HTTP . '/lines/2');
while (!$file->eof()) {
    $lines[] = trim($file->fgets());
}
echo implode(',', array_filter($lines)), "
";
