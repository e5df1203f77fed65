<?php
// __clone waits.
// waits: http mysqli socket
// prints: copied

require __DIR__ . '/../fetch.php';

class Sheep
{
    public string $word = 'first';

    public function __clone()
    {
        $this->word = fetch('copied');
    }
}
$copy = clone new Sheep();
echo $copy->word, "\n";
