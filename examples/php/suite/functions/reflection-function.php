<?php
// ReflectionFunction::invoke and invokeArgs.
// waits: http mysqli
// prints: a b

require __DIR__ . '/../fetch.php';

$function = new ReflectionFunction('fetch');
echo $function->invoke('a'), ' ', $function->invokeArgs(['b']), "\n";
