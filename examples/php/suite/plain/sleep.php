<?php
// usleep, sleep and time_nanosleep wait in the host.
// prints: slept

require __DIR__ . '/../fetch.php';

usleep(1000);
sleep(0);
time_nanosleep(0, 1000000);
echo "slept\n";
