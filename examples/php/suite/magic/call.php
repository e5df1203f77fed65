<?php
// __call waits.
// waits: http mysqli
// prints: ask a

require __DIR__ . '/../fetch.php';

class Any
{
    public function __call(string $name, array $arguments): string
    {
        return $name . ' ' . fetch($arguments[0]);
    }
}
echo (new Any())->ask('a'), "\n";
