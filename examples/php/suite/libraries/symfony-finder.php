<?php
// Symfony's finder filters files by a callback that waits.
// waits: http
// prints: b.txt

require __DIR__ . '/../fetch.php';

require '/usr/share/php/Symfony/Component/Finder/autoload.php';

mkdir('/tmp/found');
touch('/tmp/found/a.txt');
touch('/tmp/found/b.txt');
$found = Symfony\Component\Finder\Finder::create()->in('/tmp/found')->files()
    ->filter(fn($file) => fetch($file->getBasename('.txt')) === 'b');
foreach ($found as $file) {
    echo $file->getFilename(), "\n";
}
