<?php
// A return in finally takes the place of an exception.
// waits: http
// prints: kept

require __DIR__ . '/../fetch.php';

function work(): string
{
    try {
        throw new RuntimeException(fetch('x'));
    } finally {
        return fetch('kept');
    }
}
echo work(), "\n";
