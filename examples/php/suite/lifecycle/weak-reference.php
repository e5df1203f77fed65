<?php
// A WeakReference is empty once the destructor has run.
// waits: http
// prints: gone NULL

require __DIR__ . '/../fetch.php';

class Guard
{
    public function __destruct()
    {
        echo fetch('gone'), ' ';
    }
}
$guard = new Guard();
$weak = WeakReference::create($guard);
$guard = null;
echo var_export($weak->get(), true), "\n";
