<?php
// __set waits.
// waits: http pdo
// prints: blue

require __DIR__ . '/../fetch.php';

class Shy
{
    public array $kept = [];

    public function __set(string $name, mixed $value): void
    {
        $this->kept[$name] = fetch($value);
    }
}
$shy = new Shy();
$shy->colour = 'blue';
echo $shy->kept['colour'], "\n";
