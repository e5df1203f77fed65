<?php
// A division by what came back.
// waits: mysqli
// prints: caught Division by zero

require __DIR__ . '/../fetch.php';

try {
    echo 1 / (int) fetch('0');
} catch (DivisionByZeroError $error) {
    echo 'caught ', $error->getMessage(), "\n";
}
