<?php
// A callback to a method of the parent.
// waits: http
// prints: a

require __DIR__ . '/../fetch.php';

class Base
{
    public function ask(string $word): string
    {
        return fetch($word);
    }
}
class Child extends Base
{
    public function ask(string $word): string
    {
        return implode(array_map(parent::ask(...), [$word]));
    }
}
echo (new Child())->ask('a'), "\n";
