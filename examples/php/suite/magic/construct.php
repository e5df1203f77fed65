<?php
// A constructor, and that of the parent.
// waits: http curl
// prints: one two

require __DIR__ . '/../fetch.php';

class Base
{
    public string $one;

    public function __construct()
    {
        $this->one = fetch('one');
    }
}
class Child extends Base
{
    public string $two;

    public function __construct()
    {
        parent::__construct();
        $this->two = fetch('two');
    }
}
$child = new Child();
echo "$child->one $child->two\n";
