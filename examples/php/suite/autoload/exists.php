<?php
// class_exists, is_callable, is_a, is_subclass_of.
// waits: http pdo
// prints: yes yes yes

require __DIR__ . '/../fetch.php';

spl_autoload_register(function (string $class) {
    fetch('x');
    eval("class $class extends ArrayObject { public static function call() {} }");
});
echo class_exists('One') ? 'yes' : 'no', ' ', is_callable('Two::call') ? 'yes' : 'no', ' ';
echo is_subclass_of('Three', 'ArrayObject') ? 'yes' : 'no', "\n";
