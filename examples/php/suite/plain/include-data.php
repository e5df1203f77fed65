<?php
// What came over HTTP is run by eval, and waits again.
// prints: inner

require __DIR__ . '/../fetch.php';

eval(fetch('echo') . ' fetch("inner"), "\n";');
