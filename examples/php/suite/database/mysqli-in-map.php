<?php
// A prepared statement within array_map.
// prints: one four

require __DIR__ . '/../fetch.php';

$asked = mysqli()->prepare('SELECT word FROM words WHERE id = ?');
echo implode(' ', array_map(function (int $id) use ($asked) {
    $asked->execute([$id]);
    return $asked->get_result()->fetch_row()[0];
}, [1, 4])), "\n";
