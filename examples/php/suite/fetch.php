<?php
// What the programs of this suite share: one wait, in the way that the case asks for.

define('HTTP', getenv('HTTP_URL'));

/** Send a word to a server and return what comes back, which is the same word; WAIT says by what. */
function fetch(string $word): string
{
    switch (getenv('WAIT') ?: 'http') {
        case 'http':
            return file_get_contents(HTTP . "/say/$word");
        case 'socket':
            $socket = fsockopen('127.0.0.1', (int) getenv('ECHO_PORT'));
            fwrite($socket, "$word\n");
            return trim(fgets($socket));
        case 'select':
            $stream = stream_socket_client('tcp://127.0.0.1:' . getenv('ECHO_PORT'));
            fwrite($stream, "$word\n");
            $read = [$stream];
            $write = $except = null;
            stream_select($read, $write, $except, 5);
            return trim(fgets($stream));
        case 'curl':
            $curl = curl_init(HTTP . "/say/$word");
            curl_setopt($curl, CURLOPT_RETURNTRANSFER, true);
            return curl_exec($curl);
        case 'mysqli':
            return mysqli()->query("SELECT '$word'")->fetch_row()[0];
        case 'pdo':
            $asked = pdo()->prepare('SELECT ?');
            $asked->execute([$word]);
            return $asked->fetchColumn();
        case 'sleep':
            usleep(2000);
            return $word;
    }
}

/** The connection to the database, made once. */
function mysqli(): mysqli
{
    static $made = null;
    return $made ??= new mysqli('127.0.0.1', 'php', 'secret', 'shop', (int) getenv('DB_PORT'));
}

/** The same through PDO. */
function pdo(): PDO
{
    static $made = null;
    return $made ??= new PDO(dsn(), 'php', 'secret');
}

function dsn(): string
{
    return 'mysql:host=127.0.0.1;dbname=shop;port=' . getenv('DB_PORT');
}
