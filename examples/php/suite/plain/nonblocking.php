<?php
// A socket that does not block, polled with usleep.
// prints: slowly

require __DIR__ . '/../fetch.php';

$socket = stream_socket_client('tcp://127.0.0.1:' . getenv('ECHO_PORT'));
stream_set_blocking($socket, false);
fwrite($socket, "slow slowly\n");
while (($line = fgets($socket)) === false) {
    usleep(1000);
}
echo $line;
