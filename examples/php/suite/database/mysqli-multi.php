<?php
// Several queries in one, the second of them slow, and a stored procedure.
// prints: 1 2 first second

require __DIR__ . '/../fetch.php';

$link = mysqli();
$link->multi_query('SELECT 1; SELECT SLEEP(0.05) + 2; CALL two_results()');
do {
    if ($result = $link->store_result()) {
        foreach ($result as $row) {
            $said[] = reset($row);
        }
    }
} while ($link->more_results() && $link->next_result());
echo implode(' ', $said), "\n";
