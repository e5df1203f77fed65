<?php
// var_dump and print_r ask __debugInfo.
// waits: http
// prints: Hidden Object
// prints: (
// prints:     [said] => word
// prints: )

require __DIR__ . '/../fetch.php';

class Hidden
{
    public function __debugInfo(): array
    {
        return ['said' => fetch('word')];
    }
}
print_r(new Hidden());
