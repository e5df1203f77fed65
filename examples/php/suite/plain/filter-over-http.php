<?php
// php://filter reads HTTP through two filters.
// prints: JBEQ

require __DIR__ . '/../fetch.php';

echo file_get_contents('php://filter/read=string.rot13|string.toupper/resource=' . HTTP . '/say/word'), "\n";
