<?php
// A parent, an interface and a trait are loaded while a class is declared.
// waits: http curl
// prints: parent trait yes

require __DIR__ . '/../fetch.php';

spl_autoload_register(function (string $class) {
    fetch('x');
    eval(match ($class) {
        'Base' => 'class Base { public function word() { return "parent"; } }',
        'Face' => 'interface Face {}',
        'Part' => 'trait Part { public function part() { return "trait"; } }',
    });
});
eval('class Child extends Base implements Face { use Part; }');
$child = new Child();
echo $child->word(), ' ', $child->part(), ' ', $child instanceof Face ? 'yes' : 'no', "\n";
