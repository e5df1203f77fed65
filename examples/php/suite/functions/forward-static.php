<?php
// forward_static_call keeps the class that was called.
// waits: select
// prints: Child a

require __DIR__ . '/../fetch.php';

class Asker
{
    public static function ask(string $word): string
    {
        return static::class . ' ' . fetch($word);
    }
}
class Child extends Asker
{
    public static function go(): string
    {
        return forward_static_call(['Asker', 'ask'], 'a');
    }
}
echo Child::go(), "\n";
