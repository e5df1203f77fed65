<?php
// A generator over rows that are not buffered.
// prints: one two three four

require __DIR__ . '/../fetch.php';

function words()
{
    $result = mysqli()->query('SELECT word FROM words ORDER BY id', MYSQLI_USE_RESULT);
    while ($row = $result->fetch_row()) {
        yield $row[0];
    }
}
echo implode(' ', iterator_to_array(words())), "\n";
