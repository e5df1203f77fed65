<?php
// --- http
$url = URL . '/a.txt';
file_get_contents($url, false, stream_context_create(['http' => ['method' => 'POST', 'content' => 'x', 'header' => 'A: b', 'ignore_errors' => true]], ['notification' => callback(0)]));
file($url);
readfile($url);
copy($url, '/work/copied');
copy('wait://a.txt', 'wait://b.txt');
include URL . '/a.php';
get_headers($url);
fpassthru(fopen($url, 'r'));
stream_get_contents(fopen($url, 'r'));
stream_copy_to_stream(fopen($url, 'r'), fopen('wait://c.txt', 'w'));
stream_get_line(fopen($url, 'r'), 100, "\n");
fgetcsv(fopen($url, 'r'));
fgetc(fopen($url, 'r'));
fscanf(fopen($url, 'r'), '%s');
try { foreach (new SplFileObject($url) as $line) {} } catch (Throwable) {}
md5_file($url);
hash_file('sha256', $url);
parse_ini_file($url);
getimagesize($url);
finfo_file(finfo_open(), $url);
// --- sockets
$socket = fsockopen('127.0.0.1', ECHO_PORT, $number, $text, 2);
foreach (["a\n", "b\n", "c\n"] as $line) {
    fwrite($socket, $line);
    fgets($socket);
}
fputs($socket, "d e\n");
fgetc($socket);
fscanf($socket, '%s');
fputcsv($socket, [1, 2]);
fgetcsv($socket);
fwrite($socket, "x\n");
stream_get_line($socket, 10, "\n");
stream_socket_sendto($socket, "y\n");
stream_socket_recvfrom($socket, 10);
stream_set_timeout($socket, 0, 1000);
fread($socket, 10);
stream_set_blocking($socket, false);
fread($socket, 10);
$read = [$socket];
$write = [$socket];
$except = null;
stream_select($read, $write, $except, 1);
stream_filter_append($socket, 'wait');
fwrite($socket, "z\n");
feof($socket);
stream_socket_shutdown($socket, STREAM_SHUT_WR);
fclose($socket);
$client = stream_socket_client('tcp://127.0.0.1:' . ECHO_PORT, $number, $text, 2, STREAM_CLIENT_CONNECT | STREAM_CLIENT_ASYNC_CONNECT);
fwrite($client, "q\n");
fgets($client);
$persistent = pfsockopen('127.0.0.1', ECHO_PORT);
fwrite($persistent, "q\n");
fgets($persistent);
gethostbyname('localhost');
// --- curl
$handle = curl_init(URL . '/curl');
curl_setopt($handle, CURLOPT_RETURNTRANSFER, true);
curl_exec($handle);
curl_setopt($handle, CURLOPT_POST, true);
curl_setopt($handle, CURLOPT_POSTFIELDS, ['a' => 'b', 'f' => new CURLFile('/library/wait.php')]);
curl_exec($handle);
$handle = curl_init(URL . '/callbacks');
curl_setopt_array($handle, [
    CURLOPT_WRITEFUNCTION => function ($handle, $data) { wait(); return strlen($data); },
    CURLOPT_HEADERFUNCTION => function ($handle, $data) { wait(); return strlen($data); },
    CURLOPT_READFUNCTION => function ($handle, $stream, $length) { wait(); return ''; },
    CURLOPT_PROGRESSFUNCTION => fn (...$args) => 0 * (int) waiter(0),
    CURLOPT_NOPROGRESS => false,
    CURLOPT_UPLOAD => true,
    CURLOPT_TIMEOUT => 2,
]);
curl_exec($handle);
// --- curl-xferinfo
$handle = curl_init(URL . '/x');
curl_setopt_array($handle, [CURLOPT_XFERINFOFUNCTION => function (...$args) { wait(); return 0; }, CURLOPT_NOPROGRESS => false, CURLOPT_FILE => fopen('wait://o.txt', 'w'),
    CURLOPT_WRITEHEADER => fopen('wait://h.txt', 'w'), CURLOPT_FOLLOWLOCATION => true]);
curl_exec($handle);
curl_setopt_array($handle, [CURLOPT_INFILE => fopen('wait://i.txt', 'r'), CURLOPT_PUT => true]);
curl_exec($handle);
ob_start(function ($text) { wait(); return ''; }, 1);
curl_exec(curl_init(URL . '/printed'));
ob_end_clean();
// --- curl-multi
$multi = curl_multi_init();
$handles = [];
foreach ([1, 2] as $each) {
    $handles[] = $handle = curl_init(URL . "/$each");
    curl_setopt($handle, CURLOPT_WRITEFUNCTION, function ($handle, $data) { wait(); return strlen($data); });
    curl_multi_add_handle($multi, $handle);
}
$end = microtime(true) + 2;
do {
    curl_multi_exec($multi, $running);
    curl_multi_select($multi, 0.1);
    curl_multi_info_read($multi);
} while ($running && microtime(true) < $end);
foreach ($handles as $handle) {
    curl_multi_getcontent($handle);
    curl_multi_remove_handle($multi, $handle);
}
curl_multi_close($multi);
// --- soap
function hello(...$args) { wait(); return new Magic('ret'); }
function auth(...$args) { wait(); return 1; }
$client = new SoapClient(null, ['location' => URL . '/soap', 'uri' => 'urn:s', 'trace' => 1]);
try { $client->hello('x'); } catch (Throwable) {}
class WaitSoap extends SoapClient
{
    public function __doRequest($request, $location, $action, $version, $oneWay = false): ?string
    {
        wait();
        return '<?xml version="1.0"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" xmlns:n="urn:s"><SOAP-ENV:Body>'
            . '<n:helloResponse><return>yes</return></n:helloResponse></SOAP-ENV:Body></SOAP-ENV:Envelope>';
    }
}
foreach ([null, 'wait://s.wsdl'] as $wsdl) {
    $options = ['location' => URL . '/soap', 'uri' => 'urn:s', 'cache_wsdl' => 0, 'typemap' => [['type_ns' => 'urn:s', 'type_name' => 'pair',
        'to_xml' => fn ($x) => waiter('<pair/>'), 'from_xml' => 'waiter']], 'classmap' => ['pair' => 'Other']];
    $client = new WaitSoap($wsdl, $options);
    try { $client->hello(new Magic('x'), ['a' => 1, 'b' => [new Magic('y')]]); } catch (Throwable) {}
    try { $client->__soapCall('hello', [new Magic('x'), new Other()], null, [new SoapHeader('urn:h', 'name', new Magic())]); } catch (Throwable) {}
    $request = '<?xml version="1.0"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" xmlns:n="urn:s"><SOAP-ENV:Header>'
        . '<n:auth>1</n:auth></SOAP-ENV:Header><SOAP-ENV:Body><n:hello><x>1</x><p><a>1</a></p></n:hello></SOAP-ENV:Body></SOAP-ENV:Envelope>';
    foreach (['function', 'class', 'object'] as $how) {
        $server = new SoapServer($wsdl, $options);
        if ($how === 'function') {
            $server->addFunction(['hello', 'auth']);
        } elseif ($how === 'class') {
            $server->setClass('Magic');
        } else {
            $server->setObject(new Magic());
        }
        try { $server->handle($request); } catch (Throwable) {}
    }
}
