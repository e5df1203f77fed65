<?php
// A catch of an unknown class doesn't load; instanceof neither; a type does not either; new does.
// waits: http
// prints: caught

require __DIR__ . '/../fetch.php';

spl_autoload_register(function (string $class) {
    fetch('x');
    eval("class $class extends RuntimeException {}");
});
try {
    throw new Custom('caught');
} catch (Custom $error) {
    echo $error->getMessage(), "\n";
}
