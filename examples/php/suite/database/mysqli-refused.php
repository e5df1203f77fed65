<?php
// A wrong password.
// prints: 1045

require __DIR__ . '/../fetch.php';

try {
    new mysqli('127.0.0.1', 'php', 'wrong', 'shop', (int) getenv('DB_PORT'));
} catch (mysqli_sql_exception $error) {
    echo $error->getCode(), "\n";
}
