<?php
// Computes, and never waits.

function fib(int $n): int
{
    return $n < 2 ? $n : fib($n - 1) + fib($n - 2);
}

$numbers = [];
for ($i = 0, $seed = 42; $i < 150_000; $i++) {
    $seed = ($seed * 1103515245 + 12345) % 2147483648;
    $numbers[] = $seed;
}
usort($numbers, fn (int $a, int $b): int => $a <=> $b);
$words = implode(' ', array_map(fn (int $each): string => strtoupper(dechex($each)), $numbers));
echo fib(29), ' ', $numbers[0], ' ', strlen($words), ' ', preg_match_all('/A[0-9]/', $words), ' ', md5($words), "\n";
