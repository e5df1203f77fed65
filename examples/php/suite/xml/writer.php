<?php
// XMLWriter writes a file through a wrapper.
// waits: http
// prints: <a>word</a>

require __DIR__ . '/../fetch.php';

class Sink
{
    public $context;
    public static string $kept = '';

    public function stream_open(): bool
    {
        return true;
    }

    public function stream_write(string $data): int
    {
        self::$kept .= $data;
        fetch('kept');
        return strlen($data);
    }
}
stream_wrapper_register('sink', Sink::class);
$writer = new XMLWriter();
$writer->openUri('sink://x');
$writer->writeElement('a', 'word');
$writer->flush();
echo trim(Sink::$kept), "\n";
