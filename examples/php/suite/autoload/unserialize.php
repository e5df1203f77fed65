<?php
// unserialize loads a class.
// waits: http
// prints: Missing

require __DIR__ . '/../fetch.php';

spl_autoload_register(function (string $class) {
    eval("class $class { public \$by = '" . fetch('loader') . "'; }");
});
echo get_class(unserialize('O:7:"Missing":0:{}')), "\n";
