<?php
// __clone clones what it holds, which waits as well.
// waits: http
// prints: one two

require __DIR__ . '/../fetch.php';

class Leaf
{
    public string $word = '';

    public function __clone()
    {
        $this->word = fetch('one');
    }
}
class Tree
{
    public string $word = '';

    public function __construct(public Leaf $leaf)
    {
    }

    public function __clone()
    {
        $this->leaf = clone $this->leaf;
        $this->word = fetch('two');
    }
}
$copy = clone new Tree(new Leaf());
echo $copy->leaf->word, ' ', $copy->word, "\n";
