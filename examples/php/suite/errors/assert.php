<?php
// assert() evaluates by waiting, and its message too.
// waits: http
// prints: caught wrong

require __DIR__ . '/../fetch.php';

ini_set('zend.assertions', '1');
try {
    assert(fetch('a') === 'b', fetch('wrong'));
} catch (AssertionError $error) {
    echo 'caught ', $error->getMessage(), "\n";
}
