<?php
// A wrong query throws.
// prints: 42S02

require __DIR__ . '/../fetch.php';

try {
    pdo()->query('SELECT * FROM nowhere');
} catch (PDOException $error) {
    echo $error->getCode(), "\n";
}
