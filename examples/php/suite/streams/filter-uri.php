<?php
// php://filter with a filter of ours, over HTTP.
// waits: http
// prints: [word]

require __DIR__ . '/../fetch.php';

class Brackets extends php_user_filter
{
    public function filter($in, $out, &$consumed, bool $closing): int
    {
        while ($bucket = stream_bucket_make_writeable($in)) {
            $bucket->data = '[' . fetch($bucket->data) . ']';
            $consumed += $bucket->datalen;
            stream_bucket_append($out, $bucket);
        }
        return PSFS_PASS_ON;
    }
}
stream_filter_register('brackets', Brackets::class);
echo file_get_contents('php://filter/read=brackets/resource=' . HTTP . '/say/word'), "\n";
