<?php
// The same by six functions, and session_destroy.
// waits: http
// prints: open read destroy close

require __DIR__ . '/../fetch.php';

$said = [];
$say = function (string $word, mixed $answer) use (&$said) {
    return function () use ($word, $answer, &$said) {
        $said[] = fetch($word);
        return $answer;
    };
};
session_set_save_handler(
    $say('open', true),
    $say('close', true),
    $say('read', ''),
    $say('write', true),
    $say('destroy', true),
    $say('gc', 0),
);
session_start(['use_cookies' => 0, 'cache_limiter' => '', 'gc_probability' => 0]);
session_destroy();
echo implode(' ', $said), "\n";
