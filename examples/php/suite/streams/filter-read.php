<?php
// A filter in PHP on what is read.
// waits: http mysqli
// prints: WORD

require __DIR__ . '/../fetch.php';

class Loud extends php_user_filter
{
    public function filter($in, $out, &$consumed, bool $closing): int
    {
        while ($bucket = stream_bucket_make_writeable($in)) {
            $bucket->data = strtoupper(fetch($bucket->data));
            $consumed += $bucket->datalen;
            stream_bucket_append($out, $bucket);
        }
        return PSFS_PASS_ON;
    }
}
stream_filter_register('loud', Loud::class);
$stream = fopen('data:text/plain,word', 'r');
stream_filter_append($stream, 'loud', STREAM_FILTER_READ);
echo fgets($stream), "\n";
