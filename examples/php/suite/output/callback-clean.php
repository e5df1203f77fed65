<?php
// ob_get_clean and ob_flush call back as well.
// waits: http
// prints: <one>two

require __DIR__ . '/../fetch.php';

ob_start(fn(string $text) => $text === '' ? '' : '<' . fetch($text) . '>');
echo 'one';
ob_flush();
echo 'two';
$two = ob_get_contents();
ob_clean();
ob_end_clean();
echo $two, "\n";
