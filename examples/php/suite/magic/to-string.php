<?php
// echo turns an object into a string.
// waits: http pdo curl
// prints: word

require __DIR__ . '/../fetch.php';

class Word
{
    public function __toString(): string
    {
        return fetch('word');
    }
}
echo new Word(), "\n";
