<?php
// Composer installs a package and what it requires from a repository; the program then uses it.
// prints: 0 hello World

require __DIR__ . '/../composer.php';

echo composer('require', 'made/greeting'), ' ';
require '/tmp/project/vendor/autoload.php';
echo Made\Greeting::to('world'), "\n";
