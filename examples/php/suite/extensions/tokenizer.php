<?php
// Code that was fetched is taken apart and run.
// prints: 3 7

require __DIR__ . '/../fetch.php';

$code = file_get_contents(HTTP . '/php/7');
echo count(array_filter(PhpToken::tokenize($code), fn($each) => !$each->is(T_WHITESPACE) && !$each->is(';'))), ' ';
echo eval(substr($code, 5)), "\n";
