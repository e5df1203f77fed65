<?php
// ReflectionClass::newInstance runs the constructor.
// waits: http
// prints: a b

require __DIR__ . '/../fetch.php';

class Made
{
    public function __construct(public string $word)
    {
        $this->word = fetch($word);
    }
}
$class = new ReflectionClass('Made');
echo $class->newInstance('a')->word, ' ', $class->newInstanceArgs(['b'])->word, "\n";
