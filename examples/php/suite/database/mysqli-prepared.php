<?php
// A prepared statement with bound results.
// prints: 2 two 3 three

require __DIR__ . '/../fetch.php';

$asked = mysqli()->prepare('SELECT id, word FROM words WHERE id IN (?, ?) ORDER BY id');
$asked->bind_param('ii', $one, $two);
[$one, $two] = [2, 3];
$asked->execute();
$asked->bind_result($id, $word);
while ($asked->fetch()) {
    $said[] = "$id $word";
}
echo implode(' ', $said), "\n";
