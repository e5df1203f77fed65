<?php
// stream_select over two sockets, of which one is slow, until both have answered.
// prints: fast slow

require __DIR__ . '/../fetch.php';

$ask = function (string $line) {
    $stream = stream_socket_client('tcp://127.0.0.1:' . getenv('ECHO_PORT'));
    fwrite($stream, "$line
");
    return $stream;
};
$open = [$ask('slow slow'), $ask('fast')];
$got = [];
while ($open) {
    $read = $open;
    $write = $except = null;
    stream_select($read, $write, $except, 5);
    foreach ($read as $each) {
        $got[] = trim(fgets($each));
        unset($open[array_search($each, $open, true)]);
    }
}
sort($got);
echo implode(' ', $got), "
";
