<?php
// ?? asks __isset and __get; ??= __set too.
// waits: curl
// prints: a b

require __DIR__ . '/../fetch.php';

class Shy
{
    private array $kept = ['a' => 'a'];

    public function __isset(string $name): bool
    {
        return isset($this->kept[fetch($name)]);
    }

    public function __get(string $name): string
    {
        return fetch($this->kept[$name]);
    }

    public function __set(string $name, string $value): void
    {
        $this->kept[$name] = fetch($value);
    }
}
$shy = new Shy();
$shy->b ??= 'b';
echo $shy->a ?? 'none', ' ', $shy->b ?? 'none', "\n";
