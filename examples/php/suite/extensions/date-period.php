<?php
// A DatePeriod, each day of which waits.
// waits: http
// prints: 1 2 3

require __DIR__ . '/../fetch.php';

foreach (new DatePeriod(new DateTime('2026-01-01'), new DateInterval('P1D'), 2) as $day) {
    $said[] = fetch($day->format('j'));
}
echo implode(' ', $said), "\n";
