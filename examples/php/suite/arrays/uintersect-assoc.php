<?php
// array_uintersect_assoc.
// waits: socket
// prints: x

require __DIR__ . '/../fetch.php';

echo implode(array_uintersect_assoc(['a' => 'x', 'b' => 'y'], ['a' => 'x'], fn($one, $two) => fetch($one) <=> fetch($two))), "\n";
