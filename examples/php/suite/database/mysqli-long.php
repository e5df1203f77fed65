<?php
// An answer of more than one packet of the network.
// prints: 300000

require __DIR__ . '/../fetch.php';

echo strlen(mysqli()->query("SELECT REPEAT('x', 300000)")->fetch_row()[0]), "\n";
