<?php
// A class is loaded from a server when it is first made.
// waits: http mysqli
// prints: made by loader

require __DIR__ . '/../fetch.php';

spl_autoload_register(function (string $class) {
    $by = fetch('loader');
    eval("class $class { public string \$word = 'made by $by'; }");
});
echo (new Missing())->word, "\n";
