<?php
// The second of two loaders knows the class.
// waits: http
// prints: first second Missing

require __DIR__ . '/../fetch.php';

spl_autoload_register(function (string $class) {
    echo fetch('first'), ' ';
});
spl_autoload_register(function (string $class) {
    echo fetch('second'), ' ';
    eval("class $class {}");
});
echo Missing::class === get_class(new Missing()) ? 'Missing' : '?', "\n";
