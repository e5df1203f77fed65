<?php
// A constant of a class in a default value and in a static property.
// waits: http
// prints: 7 7

require __DIR__ . '/../fetch.php';

spl_autoload_register(function (string $class) {
    $value = fetch('7');
    eval("class $class { const N = $value; }");
});
class User
{
    public int $n = Numbers::N;
}
function take(int $n = Numbers::N): int
{
    return $n;
}
echo (new User())->n, ' ', take(), "\n";
