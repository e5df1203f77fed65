<?php
// Waiting while a plain buffer is open.
// waits: http socket
// prints: ab

require __DIR__ . '/../fetch.php';

ob_start();
echo 'a', fetch('b');
$text = ob_get_clean();
echo $text, "\n";
