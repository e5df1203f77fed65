<?php
// A destructor rolls back.
// prints: 0

require __DIR__ . '/../fetch.php';

class Transaction
{
    public function __construct(private mysqli $link)
    {
        $link->begin_transaction();
    }

    public function __destruct()
    {
        $this->link->rollback();
    }
}
$link = mysqli();
$link->query('CREATE TEMPORARY TABLE mine (n INT) ENGINE=InnoDB');
(function () use ($link) {
    $transaction = new Transaction($link);
    $link->query('INSERT INTO mine VALUES (1)');
})();
echo $link->query('SELECT COUNT(*) FROM mine')->fetch_row()[0], "\n";
