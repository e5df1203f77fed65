<?php
// The functions instead of the object.
// prints: three

require __DIR__ . '/../fetch.php';

$link = mysqli_connect('127.0.0.1', 'php', 'secret', 'shop', (int) getenv('DB_PORT'));
echo mysqli_fetch_assoc(mysqli_query($link, 'SELECT word FROM words WHERE id = 3'))['word'], "\n";
mysqli_close($link);
