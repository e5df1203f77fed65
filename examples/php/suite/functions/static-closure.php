<?php
// A static closure with a static variable.
// waits: mysqli
// prints: a ab abc

require __DIR__ . '/../fetch.php';

$append = static function (string $letter): string {
    static $so_far = '';
    return $so_far = fetch($so_far . $letter);
};
echo $append('a'), ' ', $append('b'), ' ', $append('c'), "\n";
