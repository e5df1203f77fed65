<?php
// mb_convert_case and mb_strtoupper of objects; iconv too.
// waits: http
// prints: WORD word

require __DIR__ . '/../fetch.php';

class Word
{
    public function __toString(): string
    {
        return fetch('word');
    }
}
echo mb_strtoupper(new Word()), ' ', iconv('UTF-8', 'ISO-8859-1', new Word()), "\n";
