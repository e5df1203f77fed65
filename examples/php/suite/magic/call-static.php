<?php
// __callStatic waits.
// waits: http pdo
// prints: ask a

require __DIR__ . '/../fetch.php';

class Any
{
    public static function __callStatic(string $name, array $arguments): string
    {
        return $name . ' ' . fetch($arguments[0]);
    }
}
echo Any::ask('a'), "\n";
