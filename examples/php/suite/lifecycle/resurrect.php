<?php
// A destructor keeps its object alive.
// waits: http
// prints: kept gone

require __DIR__ . '/../fetch.php';

class Guard
{
    public static ?Guard $kept = null;
    public string $word = 'none';

    public function __destruct()
    {
        if (self::$kept === null) {
            $this->word = fetch('kept');
            self::$kept = $this;
        } else {
            echo 'gone';
        }
    }
}
$guard = new Guard();
unset($guard);
echo Guard::$kept->word, ' gone', "\n";
