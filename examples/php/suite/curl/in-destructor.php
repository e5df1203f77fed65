<?php
// A destructor closes by a last request.
// prints: DELETE gone

require __DIR__ . '/../fetch.php';

class Lock
{
    public function __destruct()
    {
        $curl = curl_init(HTTP . '/echo');
        curl_setopt_array($curl, [CURLOPT_CUSTOMREQUEST => 'DELETE', CURLOPT_POSTFIELDS => 'gone', CURLOPT_RETURNTRANSFER => true]);
        echo curl_exec($curl), "\n";
    }
}
$lock = new Lock();
$lock = null;
