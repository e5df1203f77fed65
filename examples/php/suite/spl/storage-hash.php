<?php
// SplObjectStorage::getHash.
// waits: http
// prints: 1

require __DIR__ . '/../fetch.php';

class Kept extends SplObjectStorage
{
    public function getHash(object $object): string
    {
        return fetch(get_class($object));
    }
}
$kept = new Kept();
$kept[new stdClass()] = 1;
$kept[new stdClass()] = 2;
echo count($kept), "\n";
