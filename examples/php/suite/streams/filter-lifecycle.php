<?php
// onCreate and onClose of a filter.
// waits: http
// prints: created word closed

require __DIR__ . '/../fetch.php';

class Watching extends php_user_filter
{
    public function onCreate(): bool
    {
        echo fetch('created'), ' ';
        return true;
    }

    public function filter($in, $out, &$consumed, bool $closing): int
    {
        while ($bucket = stream_bucket_make_writeable($in)) {
            $consumed += $bucket->datalen;
            stream_bucket_append($out, $bucket);
        }
        return PSFS_PASS_ON;
    }

    public function onClose(): void
    {
        echo fetch('closed'), "\n";
    }
}
stream_filter_register('watching', Watching::class);
$stream = fopen('data:text/plain,word', 'r');
stream_filter_append($stream, 'watching');
echo fgets($stream), ' ';
fclose($stream);
