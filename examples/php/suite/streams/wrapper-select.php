<?php
// stream_cast gives the socket below to stream_select.
// waits: http
// prints: ready hello

require __DIR__ . '/../fetch.php';

class Line
{
    public $context;
    private $socket;

    public function stream_open(): bool
    {
        $this->socket = stream_socket_client('tcp://127.0.0.1:' . getenv('ECHO_PORT'));
        fwrite($this->socket, "hello\n");
        return true;
    }

    public function stream_cast()
    {
        fetch('cast');
        return $this->socket;
    }

    public function stream_read(): string
    {
        return fgets($this->socket);
    }

    public function stream_eof(): bool
    {
        return false;
    }
}
stream_wrapper_register('line', Line::class);
$read = [fopen('line://x', 'r')];
$write = $except = null;
echo stream_select($read, $write, $except, 5) ? 'ready ' : 'late ', fgets($read[0]);
