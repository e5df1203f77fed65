<?php
// new ReflectionClass loads.
// waits: http
// prints: Missing

require __DIR__ . '/../fetch.php';

spl_autoload_register(function (string $class) {
    fetch('x');
    eval("class $class {}");
});
echo (new ReflectionClass('Missing'))->getName(), "\n";
