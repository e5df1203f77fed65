<?php
// A query in usort, in a generator, in __get.
// prints: a b c 4 one

require __DIR__ . '/../fetch.php';

$list = ['c', 'a', 'b'];
usort($list, fn($x, $y) => (int) pdo()->query("SELECT STRCMP('$x', '$y')")->fetchColumn());
class Row
{
    public function __get(string $name): string
    {
        return pdo()->query("SELECT word FROM words WHERE id = 1")->fetchColumn();
    }
}
function counts()
{
    yield pdo()->query('SELECT COUNT(*) FROM words')->fetchColumn();
}
echo implode(' ', $list), ' ', implode(iterator_to_array(counts())), ' ', (new Row())->word, "\n";
