<?php
// call_user_func of a builtin that waits.
// prints: a

require __DIR__ . '/../fetch.php';

echo call_user_func('file_get_contents', HTTP . '/say/a'), "\n";
