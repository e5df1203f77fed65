<?php
// Three requests at once.
// prints: a b c

require __DIR__ . '/../fetch.php';

$multi = curl_multi_init();
foreach (['a', 'b', 'c'] as $word) {
    $each = curl_init(HTTP . "/slow/10/$word");
    curl_setopt($each, CURLOPT_RETURNTRANSFER, true);
    curl_multi_add_handle($multi, $each);
    $all[] = $each;
}
do {
    curl_multi_exec($multi, $running);
    if ($running) {
        curl_multi_select($multi, 0.1);
    }
} while ($running);
echo implode(' ', array_map('curl_multi_getcontent', $all)), "\n";
