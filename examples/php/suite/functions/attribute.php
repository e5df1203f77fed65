<?php
// An attribute is made when it is asked for.
// waits: http
// prints: label

require __DIR__ . '/../fetch.php';

#[Attribute]
class Label
{
    public string $word;

    public function __construct(string $word)
    {
        $this->word = fetch($word);
    }
}
#[Label('label')]
function labelled(): void
{
}
echo (new ReflectionFunction('labelled'))->getAttributes()[0]->newInstance()->word, "\n";
