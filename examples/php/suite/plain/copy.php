<?php
// copy() from HTTP into a file.
// prints: word

require __DIR__ . '/../fetch.php';

copy(HTTP . '/say/word', '/tmp/copied');
echo file_get_contents('/tmp/copied'), "\n";
