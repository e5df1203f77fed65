<?php
// A chain of exceptions, each made by waiting.
// waits: http
// prints: outer inner

require __DIR__ . '/../fetch.php';

class Told extends Exception
{
    public function __construct(string $word, ?Throwable $previous = null)
    {
        parent::__construct(fetch($word), 0, $previous);
    }
}
try {
    try {
        throw new Told('inner');
    } catch (Told $error) {
        throw new Told('outer', $error);
    }
} catch (Told $error) {
    echo $error->getMessage(), ' ', $error->getPrevious()->getMessage(), "\n";
}
