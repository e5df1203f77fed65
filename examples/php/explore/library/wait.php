<?php
// What waits: values of every kind whose use calls back into user code, and there waits.

error_reporting(E_ALL);
ini_set('display_errors', '0');
ini_set("log_errors", "0");
ini_set('memory_limit', '96M');
const URL = '@URL@';
const ECHO_PORT = @ECHO_PORT@;
const DB_PORT = @DB_PORT@;

/** The cheapest wait there is: the module asks its host to sleep, and is set aside. */
function wait(): void
{
    usleep(1);
}

/** A wait with a value: for use as a callback. */
function waiter(mixed ...$args): mixed
{
    wait();
    return $args[0] ?? 1;
}

/** A callback that waits; what it returns is one of five. */
function callback(int $kind): Closure
{
    return match ($kind % 5) {
        0 => function (mixed ...$args): mixed { wait(); return true; },
        1 => function (mixed ...$args): mixed { wait(); return false; },
        2 => function (mixed ...$args): mixed { wait(); return $args[0] ?? null; },
        3 => function (mixed ...$args): mixed { wait(); return 'waited'; },
        4 => function (mixed ...$args): mixed { wait(); return 0; },
    };
}

/** Waits in every magic method, as an iterator, an array, a count, a string, and when it dies. */
class Magic implements ArrayAccess, Iterator, Countable, JsonSerializable, Stringable
{
    private int $at = 0;
    public function __construct(private readonly string $text = '12', public mixed $public = 'p') {}
    public function __toString(): string { wait(); return $this->text; }
    public function __get(string $name): mixed { wait(); return $name === 'null' ? null : 7; }
    public function __set(string $name, mixed $value): void { wait(); }
    public function __isset(string $name): bool { wait(); return $name !== 'unset'; }
    public function __unset(string $name): void { wait(); }
    public function __call(string $name, array $args): mixed { wait(); return 5; }
    public static function __callStatic(string $name, array $args): mixed { wait(); return 5; }
    public function __invoke(mixed ...$args): mixed { wait(); return $args[0] ?? 1; }
    public function __clone(): void { wait(); $this->at = 0; }
    public function __debugInfo(): array { wait(); return ['a' => 1]; }
    public function __serialize(): array { wait(); return ['t' => 'x']; }
    public function __unserialize(array $data): void { wait(); }
    public static function __set_state(array $data): object { wait(); return new self(); }
    public function __destruct() { wait(); }
    public function offsetExists(mixed $offset): bool { wait(); return $offset !== 'unset'; }
    public function offsetGet(mixed $offset): mixed { wait(); return $offset === 'null' ? null : 3; }
    public function offsetSet(mixed $offset, mixed $value): void { wait(); }
    public function offsetUnset(mixed $offset): void { wait(); }
    public function current(): mixed { wait(); return 'v' . $this->at; }
    public function key(): mixed { wait(); return 'k' . $this->at; }
    public function next(): void { wait(); $this->at++; }
    public function rewind(): void { wait(); $this->at = 0; }
    public function valid(): bool { wait(); return $this->at < 2; }
    public function count(): int { wait(); return 2; }
    public function jsonSerialize(): mixed { wait(); return ['j' => 1]; }
}

/** As `Magic`, with the older ways to be serialized, and an iterator of its own. */
class Other implements IteratorAggregate
{
    public array $list = [1, 2];
    public mixed $next = null;
    public function __sleep(): array { wait(); return ['list']; }
    public function __wakeup(): void { wait(); }
    public function getIterator(): Iterator { wait(); return generator(); }
    public function __destruct() { wait(); }
    public function &__get(string $name): mixed { wait(); $value = [1]; return $value; }
    public function method(mixed ...$args): mixed { wait(); return $args[0] ?? 2; }
    public static function statically(mixed ...$args): mixed { wait(); return $args[0] ?? 2; }
}

/** Waits when it dies, and only then. */
class Dies
{
    public mixed $held = null;
    public static mixed $static = null;
    public function __destruct() { wait(); }
    public function method(): static { return $this; }
}

function generator(mixed $values = ['a' => 1, 'b' => 2]): Generator
{
    try {
        foreach ($values as $key => $value) {
            wait();
            $sent = yield $key => $value;
        }
        return 3;
    } finally {
        wait();
    }
}

/** A stream wrapper that waits in each of its methods; the end of the path says what is in the file. */
class WaitStream
{
    public $context;
    private string $data = '';
    private int $at = 0;
    private int $entries = 0;
    private static function content(string $path): string
    {
        return match (pathinfo($path, PATHINFO_EXTENSION)) {
            'php' => '<?php wait(); return 1;',
            'xml' => '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e SYSTEM "wait://ent.txt">]><a b="c"><d>t</d>&e;<!--c--><d/></a>',
            'xsd' => '<?xml version="1.0"?><xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="a"/></xs:schema>',
            'rng' => '<element name="a" xmlns="http://relaxng.org/ns/structure/1.0"><text/></element>',
            'html' => '<html><body><p class="x">t</p></body></html>',
            'wsdl' => wsdl(),
            'ini' => "[s]\na=1\nb=\"x\"\n",
            'csv' => "a,b\n\"1\",2\n",
            'json' => '{"a":[1,2]}',
            'gz' => gzencode('some text'),
            'png' => base64_decode('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='),
            'gif' => base64_decode('R0lGODlhAQABAIAAAAUEBAAAACwAAAAAAQABAAACAkQBADs='),
            'jpg' => "\xff\xd8\xff\xe1\0\x10Exif\0\0II*\0\x08\0\0\0\0\0\xff\xd9",
            'pem' => "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
            'bmp', 'webp', 'xbm', 'tga', 'avif' => "BM\x46\0\0\0",
            default => str_repeat("line of text 1 2 3\n", 4),
        };
    }
    public function stream_open($path, $mode, $options, &$opened): bool { wait(); $this->data = strpbrk($mode, 'wx') ? '' : self::content($path); return true; }
    public function stream_read($count): string { wait(); $part = substr($this->data, $this->at, $count); $this->at += strlen($part); return $part; }
    public function stream_write($data): int { wait(); $this->data .= $data; return strlen($data); }
    public function stream_eof(): bool { wait(); return $this->at >= strlen($this->data); }
    public function stream_tell(): int { wait(); return $this->at; }
    public function stream_seek($offset, $whence): bool
    {
        wait();
        $this->at = max(0, match ($whence) { SEEK_SET => $offset, SEEK_CUR => $this->at + $offset, default => strlen($this->data) + $offset });
        return true;
    }
    public function stream_flush(): bool { wait(); return true; }
    public function stream_close(): void { wait(); }
    public function stream_stat(): array { wait(); return self::stat(strlen($this->data)); }
    public function url_stat($path, $flags): array|false { wait(); return str_contains($path, 'none') ? false : self::stat(strlen(self::content($path)), str_contains($path, 'dir')); }
    public function stream_lock($operation): bool { wait(); return true; }
    public function stream_truncate(int $size): bool { wait(); $this->data = substr($this->data, 0, $size); return true; }
    public function stream_set_option($option, $one, $two): bool { wait(); return false; }
    public function stream_metadata($path, $option, $value): bool { wait(); return true; }
    public function stream_cast($as) { wait(); return false; }
    public function dir_opendir($path, $options): bool { wait(); return true; }
    public function dir_readdir(): string|false { wait(); return ['a.txt', 'b.txt'][$this->entries++] ?? false; }
    public function dir_rewinddir(): bool { wait(); $this->entries = 0; return true; }
    public function dir_closedir(): bool { wait(); return true; }
    public function mkdir($path, $mode, $options): bool { wait(); return true; }
    public function rmdir($path, $options): bool { wait(); return true; }
    public function rename($from, $to): bool { wait(); return true; }
    public function unlink($path): bool { wait(); return true; }
    private static function stat(int $size, bool $folder = false): array
    {
        $mode = $folder ? 0o040755 : 0o100644;
        return ['dev' => 1, 'ino' => 1, 'mode' => $mode, 'nlink' => 1, 'uid' => 0, 'gid' => 0, 'rdev' => 0, 'size' => $size,
            'atime' => 1, 'mtime' => 1, 'ctime' => 1, 'blksize' => -1, 'blocks' => -1];
    }
}
stream_wrapper_register('wait', WaitStream::class);
stream_wrapper_register('waiturl', WaitStream::class, STREAM_IS_URL);

class WaitFilter extends php_user_filter
{
    public function onCreate(): bool { wait(); return true; }
    public function onClose(): void { wait(); }
    public function filter($in, $out, &$consumed, bool $closing): int
    {
        wait();
        while ($bucket = stream_bucket_make_writeable($in)) {
            $consumed += $bucket->datalen;
            stream_bucket_append($out, $bucket);
        }
        return PSFS_PASS_ON;
    }
}
stream_filter_register('wait', WaitFilter::class);

/** Any class that nobody has: waiting is how one comes to be known that there is none. */
spl_autoload_register(function (string $class): void {
    wait();
    if (str_starts_with($class, 'Auto')) {
        $name = preg_replace('/\W/', '_', $class);
        eval("class $name { const C = 1; public static \$s = 1; public static function m() { return 1; } }");
    }
});

class WaitSession implements SessionHandlerInterface, SessionIdInterface, SessionUpdateTimestampHandlerInterface
{
    public function open(string $path, string $name): bool { wait(); return true; }
    public function close(): bool { wait(); return true; }
    public function read(string $id): string|false { wait(); return 'a|i:1;'; }
    public function write(string $id, string $data): bool { wait(); return true; }
    public function destroy(string $id): bool { wait(); return true; }
    public function gc(int $max): int|false { wait(); return 1; }
    public function create_sid(): string { wait(); return 'sessionid'; }
    public function validateId(string $id): bool { wait(); return true; }
    public function updateTimestamp(string $id, string $data): bool { wait(); return true; }
}

function wsdl(): string
{
    return '<?xml version="1.0"?><definitions name="s" targetNamespace="urn:s" xmlns:tns="urn:s" xmlns="http://schemas.xmlsoap.org/wsdl/"'
        . ' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/">'
        . '<types><xsd:schema targetNamespace="urn:s"><xsd:complexType name="pair"><xsd:sequence><xsd:element name="a" type="xsd:int"/>'
        . '<xsd:element name="b" type="xsd:string" minOccurs="0" maxOccurs="unbounded"/></xsd:sequence><xsd:attribute name="c" type="xsd:date"/>'
        . '</xsd:complexType></xsd:schema></types><message name="q"><part name="x" type="xsd:string"/><part name="p" type="tns:pair"/></message>'
        . '<message name="r"><part name="return" type="xsd:string"/></message><portType name="t"><operation name="hello"><input message="tns:q"/>'
        . '<output message="tns:r"/></operation></portType><binding name="b" type="tns:t"><soap:binding style="rpc"'
        . ' transport="http://schemas.xmlsoap.org/soap/http"/><operation name="hello"><soap:operation soapAction="urn:s#hello"/><input>'
        . '<soap:body use="encoded" namespace="urn:s" encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"/></input><output>'
        . '<soap:body use="encoded" namespace="urn:s" encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"/></output></operation></binding>'
        . '<service name="s"><port name="p" binding="tns:b"><soap:address location="' . URL . '/soap"/></port></service></definitions>';
}
