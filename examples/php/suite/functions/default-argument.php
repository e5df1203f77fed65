<?php
// A default argument that makes an object, whose constructor waits.
// waits: http
// prints: made

require __DIR__ . '/../fetch.php';

class Made
{
    public string $word;

    public function __construct()
    {
        $this->word = fetch('made');
    }
}
function take(Made $made = new Made()): string
{
    return $made->word;
}
echo take(), "\n";
