<?php
// A fiber: PHP's fibers need getcontext, which Emscripten lacks, so that no build has them.
// outcome: trapped
// prints: word

require __DIR__ . '/../fetch.php';

$fiber = new Fiber(function () {
    echo fetch('word'), "\n";
});
$fiber->start();
