<?php
// A generator that yields what has come.
// prints: a b

require __DIR__ . '/../fetch.php';

function answers(array $words)
{
    $multi = curl_multi_init();
    foreach ($words as $word) {
        $each = curl_init(HTTP . "/say/$word");
        curl_setopt($each, CURLOPT_RETURNTRANSFER, true);
        curl_multi_add_handle($multi, $each);
    }
    do {
        curl_multi_exec($multi, $running);
        while ($done = curl_multi_info_read($multi)) {
            yield curl_multi_getcontent($done['handle']);
        }
        usleep(500);
    } while ($running);
}
$words = iterator_to_array(answers(['a', 'b']), false);
sort($words);
echo implode(' ', $words), "\n";
