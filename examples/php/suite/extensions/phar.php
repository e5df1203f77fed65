<?php
// A phar that is made here, and whose code waits.
// waits: http
// prints: from-the-phar

require __DIR__ . '/../fetch.php';

ini_set('phar.readonly', '0');
$phar = new PharData('/tmp/made.tar');
$phar->addFromString('code.php', '<?php return fetch("from-the-phar");');
unset($phar);
echo include 'phar:///tmp/made.tar/code.php', "\n";
