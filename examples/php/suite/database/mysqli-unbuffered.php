<?php
// Rows that are fetched as they come.
// prints: one two three four

require __DIR__ . '/../fetch.php';

$result = mysqli()->query('SELECT word FROM words ORDER BY id', MYSQLI_USE_RESULT);
while ($row = $result->fetch_object()) {
    $said[] = $row->word;
}
echo implode(' ', $said), "\n";
