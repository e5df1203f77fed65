<?php
// A builtin that waits is itself the callback.
// prints: a b

require __DIR__ . '/../fetch.php';

echo implode(' ', array_map('file_get_contents', [HTTP . '/say/a', HTTP . '/say/b'])), "\n";
