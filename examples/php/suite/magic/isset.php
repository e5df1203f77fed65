<?php
// __isset and __unset wait.
// waits: http socket
// prints: yes colour

require __DIR__ . '/../fetch.php';

class Shy
{
    public string $gone = '';

    public function __isset(string $name): bool
    {
        return fetch($name) === 'colour';
    }

    public function __unset(string $name): void
    {
        $this->gone = fetch($name);
    }
}
$shy = new Shy();
echo isset($shy->colour) ? 'yes' : 'no', ' ';
unset($shy->colour);
echo $shy->gone, "\n";
