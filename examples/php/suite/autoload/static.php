<?php
// A static call, a constant and a static property.
// waits: http
// prints: called constant property

require __DIR__ . '/../fetch.php';

spl_autoload_register(function (string $class) {
    fetch('x');
    eval(match ($class) {
        'One' => 'class One { public static function call() { return "called"; } }',
        'Two' => 'class Two { const WORD = "constant"; }',
        'Three' => 'class Three { public static $word = "property"; }',
    });
});
echo One::call(), ' ', Two::WORD, ' ', Three::$word, "\n";
