<?php
// ini settings reach the request.
// prints: tester

require __DIR__ . '/../fetch.php';

ini_set('user_agent', 'tester');
echo file_get_contents(HTTP . '/header/User-Agent'), "\n";
