<?php
// A wrong query throws.
// prints: 1146

require __DIR__ . '/../fetch.php';

try {
    mysqli()->query('SELECT * FROM nowhere');
} catch (mysqli_sql_exception $error) {
    echo $error->getCode(), "\n";
}
