<?php
// A statement class of ours whose constructor waits.
// waits: http
// prints: two made

require __DIR__ . '/../fetch.php';

class Statement extends PDOStatement
{
    public string $made = '';

    protected function __construct()
    {
        $this->made = fetch('made');
    }
}
$pdo = pdo();
$pdo->setAttribute(PDO::ATTR_STATEMENT_CLASS, [Statement::class]);
$asked = $pdo->query('SELECT word FROM words WHERE id = 2');
echo $asked->fetchColumn(), ' ', $asked->made, "\n";
