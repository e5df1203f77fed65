<?php
// fetch(...) handed around.
// waits: curl
// prints: A B

require __DIR__ . '/../fetch.php';

$all = [fetch(...), strtoupper(...)];
$pipe = fn(string $word) => array_reduce($all, fn($so_far, $each) => $each($so_far), $word);
echo $pipe('a'), ' ', $pipe('b'), "\n";
