<?php
// Objects in a session are serialised by waiting.
// waits: http
// prints: kept

require __DIR__ . '/../fetch.php';

class Word
{
    public string $word = '';

    public function __serialize(): array
    {
        return ['word' => fetch('kept')];
    }

    public function __unserialize(array $kept): void
    {
        $this->word = fetch($kept['word']);
    }
}
session_start(['use_cookies' => 0, 'cache_limiter' => '', 'save_path' => '/tmp']);
$_SESSION['word'] = new Word();
$data = session_encode();
session_unset();
session_decode($data);
echo $_SESSION['word']->word, "\n";
