<?php
// A tick function runs between statements.
// waits: http
// prints: tick tick done

require __DIR__ . '/../fetch.php';

declare(ticks=1);

function tick(): void
{
    static $count = 0;
    if ($count++ < 2) {
        echo fetch('tick'), ' ';
    }
}
register_tick_function('tick');
$x = 1;
$y = 2;
unregister_tick_function('tick');
echo "done\n";
