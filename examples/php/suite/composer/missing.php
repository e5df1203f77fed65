<?php
// Composer says that a package is not there.
// prints: 2

require __DIR__ . '/../composer.php';

echo composer('require', 'made/nothing') === 0 ? 0 : 2, "\n";
