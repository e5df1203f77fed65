<?php
// The function that takes the headers waits itself.
// waits: http pdo
// prints: word seen

require __DIR__ . '/../fetch.php';

$curl = curl_init(HTTP . '/answer-header/X-Said/word');
curl_setopt($curl, CURLOPT_HEADERFUNCTION, function ($curl, string $line) use (&$said) {
    if (str_starts_with($line, 'X-Said:')) {
        $said = fetch(trim(substr($line, 7)));
    }
    return strlen($line);
});
curl_exec($curl);
echo $said, ' ', fetch('seen'), "\n";
