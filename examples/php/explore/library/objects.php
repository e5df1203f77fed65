<?php
// Objects of internal classes, as they are and as subclasses whose overridden methods wait.

function instance(string $class, int $strategy, bool $waiting): object
{
    static $depth = 0;
    if (++$depth > 4) {
        $depth = 0;
        throw new LogicException('too deep');
    }
    try {
        $of = new ReflectionClass($class);
        $recipe = recipe($class, $strategy);
        if ($recipe instanceof Closure) {
            return $recipe();
        }
        if ($of->isEnum()) {
            return $class::cases()[0];
        }
        if ($waiting && !$of->isFinal()) {
            $class = waiting_subclass($of);
            $of = new ReflectionClass($class);
        }
        if ($of->isInterface() || $of->isAbstract()) {
            return new Magic();
        }
        if (is_array($recipe)) {
            return new $class(...$recipe);
        }
        $constructor = $of->getConstructor();
        if ($constructor === null) {
            return new $class();
        }
        foreach ([$strategy, 1, 0] as $try) {
            try {
                return new $class(...arguments($constructor, $try, false));
            } catch (Throwable) {
            }
        }
        return $of->newInstanceWithoutConstructor();
    } finally {
        --$depth;
    }
}

/** Arguments for the constructor, a function that makes the object, or null: by reflection. */
function recipe(string $class, int $strategy): array|Closure|null
{
    $inner = fn () => [new ArrayIterator([1, 2, 3]), new Magic(), generator()][$strategy % 3];
    $tree = fn () => new RecursiveArrayIterator([1, [2, 3], new ArrayObject([4])]);
    $path = $strategy % 2 ? 'wait://x.csv' : '/work/x.csv';
    return match ($class) {
        'Generator' => fn () => generator([1, 2]),
        'Closure' => fn () => callback($strategy),
        'Iterator', 'Traversable' => fn () => $inner(),
        'DateTimeInterface' => fn () => new DateTime(),
        'DateTimeZone' => ['Europe/Paris'],
        'DateInterval' => ['P1D'],
        'DatePeriod' => [new DateTime('2020-01-01'), new DateInterval('P1D'), 3],
        'IteratorIterator', 'NoRewindIterator', 'InfiniteIterator', 'CachingIterator' => [$inner()],
        'CallbackFilterIterator' => [$inner(), callback(0)],
        'RecursiveCallbackFilterIterator' => [$tree(), callback(0)],
        'LimitIterator' => [$inner(), 0, 2],
        'RecursiveIteratorIterator', 'RecursiveTreeIterator', 'ParentIterator', 'RecursiveCachingIterator' => [$tree()],
        'RegexIterator' => [new ArrayIterator(['ab', new Magic('ab')]), '/a/'],
        'RecursiveRegexIterator' => [new RecursiveArrayIterator(['ab', ['b']]), '/a/'],
        'ArrayObject', 'ArrayIterator', 'RecursiveArrayIterator' => [$strategy % 3 ? ['b' => new Magic('b'), 'a' => 1, 'c' => 'x'] : new Other()],
        'SplFixedArray' => [3],
        'SplFileInfo' => ['wait://file.txt'],
        'SplFileObject' => [$path, 'w+'],
        'SplTempFileObject' => [],
        'DirectoryIterator', 'FilesystemIterator', 'RecursiveDirectoryIterator' => [$strategy % 2 ? 'wait://dir' : '/library'],
        'GlobIterator' => ['/library/*'],
        'MultipleIterator' => function () use ($inner) {
            $made = new MultipleIterator();
            $made->attachIterator($inner());
            return $made;
        },
        'AppendIterator' => function () use ($inner) {
            $made = new AppendIterator();
            $made->append(new ArrayIterator([1]));
            return $made;
        },
        'SplObjectStorage' => function () {
            $made = new class extends SplObjectStorage {
                public function getHash(object $object): string { wait(); return (string) spl_object_id($object); }
            };
            $made[new Dies()] = new Dies();
            return $made;
        },
        'SplPriorityQueue' => function () {
            $made = new class extends SplPriorityQueue {
                public function compare(mixed $one, mixed $two): int { wait(); return $one <=> $two; }
            };
            $made->insert('a', 1);
            $made->insert('b', 2);
            return $made;
        },
        'SplHeap', 'SplMinHeap', 'SplMaxHeap' => function () use ($class) {
            $made = new class extends SplMinHeap {
                protected function compare(mixed $one, mixed $two): int { wait(); return $one <=> $two; }
            };
            $made->insert(2);
            $made->insert(1);
            $made->insert(3);
            return $made;
        },
        'SplDoublyLinkedList', 'SplQueue', 'SplStack' => function () use ($class) {
            $of = waiting_subclass(new ReflectionClass($class));
            $made = new $of();
            $made->push(new Dies());
            $made->push(new Dies());
            return $made;
        },
        'SimpleXMLElement', 'SimpleXMLIterator' => ['<a b="c"><d>1</d><d>2</d></a>'],
        'DOMDocument' => fn () => document(),
        'DOMElement' => fn () => document()->documentElement,
        'DOMNode', 'DOMText', 'DOMCharacterData' => fn () => document()->documentElement->firstChild,
        'DOMAttr' => fn () => document()->documentElement->attributes->item(0),
        'DOMXPath' => function () {
            $made = new DOMXPath(document());
            $made->registerNamespace('php', 'http://php.net/xpath');
            $made->registerPhpFunctions();
            return $made;
        },
        'XMLReader' => function () use ($strategy) {
            $made = new XMLReader();
            $strategy % 2 ? $made->open('wait://x.xml', null, LIBXML_NOENT) : $made->XML('<a><b/></a>');
            $made->read();
            return $made;
        },
        'XMLWriter' => function () use ($strategy) {
            $made = new XMLWriter();
            $strategy % 2 ? $made->openUri('wait://x.xml') : $made->openMemory();
            $made->startDocument();
            $made->startElement('a');
            return $made;
        },
        'SQLite3' => fn () => database(),
        'SQLite3Stmt' => fn () => database()->prepare('SELECT waits(v), :a FROM t ORDER BY v COLLATE waits'),
        'SQLite3Result' => fn () => database()->query('SELECT waits(v) FROM t ORDER BY v COLLATE waits'),
        'PDO' => fn () => pdo(),
        'PDOStatement' => fn () => pdo()->query('SELECT waits(v) AS w, v FROM t ORDER BY v COLLATE waits'),
        'ZipArchive' => fn () => zip(),
        'SoapClient' => [$strategy % 2 ? 'wait://s.wsdl' : null, ['location' => URL . '/soap', 'uri' => 'urn:s', 'trace' => 1, 'exceptions' => true]],
        'SoapServer' => function () use ($strategy) {
            $made = new SoapServer($strategy % 2 ? 'wait://s.wsdl' : null, ['uri' => 'urn:s']);
            $made->setObject(new Other());
            return $made;
        },
        'SoapFault' => ['Server', 'message'],
        'WeakReference' => fn () => WeakReference::create(new ArrayObject()),
        'WeakMap' => function () {
            $made = new WeakMap();
            $made[new Dies()] = new Dies();
            return $made;
        },
        'Fiber' => fn () => new Fiber(callback(0)),
        'finfo' => [],
        'ReflectionClass', 'ReflectionObject' => [$strategy % 2 ? new Other() : new Magic()],
        'ReflectionMethod' => [new Other(), 'method'],
        'ReflectionFunction' => [callback($strategy)],
        'ReflectionProperty' => ['Other', 'list'],
        'ReflectionClassConstant' => ['ReflectionMethod', 'IS_PUBLIC'],
        'ReflectionParameter' => ['explore', 0],
        'ReflectionExtension' => ['standard'],
        'ReflectionGenerator' => [generator()],
        'ReflectionEnum' => fn () => new ReflectionEnum(Suit::class),
        'ReflectionAttribute' => fn () => (new ReflectionClass(Marked::class))->getAttributes()[0],
        'GdImage' => fn () => imagecreatetruecolor(2, 2),
        'CurlHandle' => function () {
            $made = curl_init(URL . '/curl');
            curl_setopt_array($made, [CURLOPT_WRITEFUNCTION => function ($handle, $data) { wait(); return strlen($data); }, CURLOPT_TIMEOUT => 2]);
            return $made;
        },
        'CurlMultiHandle' => fn () => curl_multi_init(),
        'CurlShareHandle' => fn () => curl_share_init(),
        'HashContext' => fn () => hash_init('md5'),
        'DeflateContext' => fn () => deflate_init(ZLIB_ENCODING_GZIP),
        'InflateContext' => fn () => inflate_init(ZLIB_ENCODING_GZIP),
        'XMLParser' => fn () => parser(),
        'Directory' => fn () => dir('wait://dir'),
        'Phar', 'PharData' => ['/work/' . bin2hex(random_bytes(4)) . '.tar'],
        'OpenSSLAsymmetricKey' => fn () => openssl_pkey_new(['private_key_bits' => 512]),
        'Imagick' => function () {
            $made = new Imagick();
            $made->newImage(2, 2, 'red');
            return $made;
        },
        'SessionHandler' => [],
        'Magic' => [],
        default => null,
    };
}

enum Suit: string
{
    case Hearts = 'h';
    case Spades = 's';
}

#[Attribute]
class Mark
{
    public function __construct(public mixed $value = null) { wait(); }
}

#[Mark(1)]
class Marked
{
}

/** A class whose every method that may be overridden waits, and then does what it did. */
function waiting_subclass(ReflectionClass $of): string
{
    $name = 'Waiting_' . str_replace('\\', '_', $of->name);
    if (class_exists($name, false)) {
        return $name;
    }
    $body = '';
    foreach ($of->getMethods(ReflectionMethod::IS_PUBLIC | ReflectionMethod::IS_PROTECTED) as $method) {
        $by_reference = array_filter($method->getParameters(), fn ($each) => $each->isPassedByReference());
        if ($method->isFinal() || $method->isStatic() || $by_reference || $method->returnsReference()) {
            continue;
        }
        if (str_starts_with($method->name, '__') && $method->name !== '__toString') {
            continue;
        }
        $type = $method->getReturnType();
        $returns = $type === null ? '' : ": $type";
        $call = $method->isAbstract() ? default_of($type) : "parent::{$method->name}(...\$args)";
        $nothing = in_array((string) $type, ['void', 'never'], true);
        $parameters = $method->name === '__toString' ? '' : '...$args';
        $call = $method->name === '__toString' ? 'parent::__toString()' : $call;
        $body .= '#[ReturnTypeWillChange] ' . ($method->isProtected() ? 'protected' : 'public') . " function {$method->name}($parameters)$returns"
            . ' { wait(); ' . ($nothing ? "$call;" : "return $call;") . " }\n";
    }
    if (!$of->hasMethod('__destruct')) {
        $body .= "public function __destruct() { wait(); }\n";
    }
    $how = $of->isInterface() ? 'implements' : 'extends';
    $parent = '\\' . ($of->name === 'Traversable' ? 'Iterator' : $of->name);
    eval("class $name $how $parent { $body }");
    return $name;
}

function default_of(?ReflectionType $type): string
{
    return match (ltrim((string) $type, '?')) {
        'bool' => 'true', 'int' => '1', 'string' => "'x'", 'array' => '[]', 'void' => 'null', 'float' => '1.0',
        'Iterator', 'Traversable' => 'generator()',
        default => 'null',
    };
}

function document(): DOMDocument
{
    $made = new DOMDocument();
    $made->loadXML('<a b="c" xml:id="i">text<d>1</d><!--c--><d>2</d></a>');
    return $made;
}

function database(): SQLite3
{
    $made = new SQLite3(':memory:');
    $made->createFunction('waits', callback(2));
    $made->createCollation('waits', function ($one, $two) { wait(); return $one <=> $two; });
    $made->createAggregate('adds', callback(2), callback(2));
    $made->exec('CREATE TABLE t (v TEXT, n INTEGER); INSERT INTO t VALUES (\'b\', 1), (\'a\', 2), (\'c\', 3)');
    return $made;
}

function pdo(): PDO
{
    $made = new PDO('sqlite::memory:');
    $made->sqliteCreateFunction('waits', callback(2));
    $made->sqliteCreateCollation('waits', function ($one, $two) { wait(); return $one <=> $two; });
    $made->sqliteCreateAggregate('adds', callback(2), callback(2));
    $made->exec('CREATE TABLE t (v TEXT, n INTEGER)');
    $made->exec("INSERT INTO t VALUES ('b', 1), ('a', 2), ('c', 3)");
    return $made;
}

function zip(): ZipArchive
{
    $made = new ZipArchive();
    $made->open('/work/' . bin2hex(random_bytes(4)) . '.zip', ZipArchive::CREATE);
    $made->addFromString('a.txt', 'text');
    $made->registerProgressCallback(0.1, callback(2));
    $made->registerCancelCallback(callback(4));
    return $made;
}

function parser(): XMLParser
{
    $made = xml_parser_create();
    xml_set_element_handler($made, callback(0), callback(0));
    xml_set_character_data_handler($made, callback(0));
    xml_set_default_handler($made, callback(0));
    xml_set_processing_instruction_handler($made, callback(0));
    xml_set_external_entity_ref_handler($made, callback(0));
    xml_set_notation_decl_handler($made, callback(0));
    xml_set_start_namespace_decl_handler($made, callback(0));
    xml_set_end_namespace_decl_handler($made, callback(0));
    xml_set_unparsed_entity_decl_handler($made, callback(0));
    return $made;
}
