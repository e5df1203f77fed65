<?php
// A name of the machine itself is looked up.
// prints: 127.0.0.1

require __DIR__ . '/../fetch.php';

echo gethostbyname('127.0.0.1'), "\n";
