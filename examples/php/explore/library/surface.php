<?php
// Calls any internal function or method with arguments that wait when they are used, chosen by reflection.
// A strategy (0 to STRATEGIES - 1) says which of all that fits a parameter is taken.

require_once __DIR__ . '/wait.php';

const STRATEGIES = 9;
/** These would end the process, sleep long, or take the explorer's own tools away. */
const LEFT_OUT = ['time_nanosleep', 'time_sleep_until', 'dl', 'set_time_limit', 'stream_wrapper_unregister',
    'spl_autoload_unregister', 'spl_autoload_functions', 'error_reporting', 'gc_disable', 'opcache_reset', 'ignore_user_abort', 'readline',
    'post_message_to_js', 'fscanf'];

/** The name of all that the language itself does with an object, without naming a method. */
const OPERATORS = '(operators)';

/** Everything there is to call: [class or '', name, how many parameters]. */
function surface(): array
{
    $all = [];
    foreach (get_defined_functions()['internal'] as $name) {
        if (!in_array($name, LEFT_OUT, true)) {
            $all[] = ['', $name];
        }
    }
    foreach ([...get_declared_classes(), ...get_declared_interfaces()] as $class) {
        $of = new ReflectionClass($class);
        if (!$of->isInternal() || $of->isInterface()) {
            continue;
        }
        $all[] = [$class, OPERATORS];
        foreach ($of->getMethods() as $method) {
            // An inherited method has a class of its own; it may still behave differently here: only for what is its own.
            if ($method->class === $class && !$method->isAbstract()) {
                $all[] = [$class, $method->name];
            }
        }
    }
    return $all;
}

function explore(string $class, string $name, int $strategy): void
{
    if ($strategy === 7) {
        set_error_handler(function (): bool { wait(); return true; });
    }
    if ($strategy === 5) {
        ob_start(function (string $buffer): string { wait(); return ''; }, 1);
    }
    try {
        match (true) {
            $class === '' => call_function($name, $strategy),
            $name === OPERATORS => use_by_operators($class, $strategy),
            default => call_method($class, $name, $strategy),
        };
    } catch (Throwable $thrown) {
        $thrown = null;
    }
}

function call_function(string $name, int $strategy): void
{
    $function = new ReflectionFunction($name);
    foreach ([true, false] as $all) {
        try {
            $args = arguments($function, $strategy, $all);
            // By name, as code has it: that is another way in than by reflection.
            $result = $strategy % 2 ? $function->invokeArgs($args) : $name(...$args);
            use_result($result, $strategy);
        } catch (Throwable $thrown) {
            $thrown = null;
        }
        unset($args, $result);
    }
}

function call_method(string $class, string $name, int $strategy): void
{
    $method = new ReflectionMethod($class, $name);
    $method->setAccessible(true);
    $waiting = $strategy % 2 === 0;
    foreach ([true, false] as $all) {
        try {
            $object = $method->isStatic() ? null : instance($class, $strategy, $waiting);
            $args = arguments($method, $strategy, $all);
            if ($name === '__construct' && $object !== null) {
                $made = new $class(...$args);
                use_result($made, $strategy);
            }
            $result = $method->invokeArgs($object, $args);
            use_result($result, $strategy);
            if ($object instanceof Traversable && $name !== '__construct') {
                $count = 0;
                foreach ($object as $each) {
                    if (++$count > 3) {
                        break;
                    }
                }
            }
        } catch (Throwable $thrown) {
            $thrown = null;
        }
        unset($args, $result, $object, $made);
    }
}

/** Do with an object what operators, casts and loops do: where its class or its methods are overridden, that waits. */
function use_by_operators(string $class, int $strategy): void
{
    $waiting = $strategy % 2 === 0;
    $key = [0, 'a', new Magic('a'), 1.5, null, true][$strategy % 6];
    $uses = [
        fn ($o) => $o[$key], fn ($o) => isset($o[$key]), fn ($o) => empty($o[$key]), fn ($o) => $o[$key] ?? 1,
        function ($o) use ($key) { $o[$key] = new Dies(); $o[$key] = 1; }, function ($o) { $o[] = new Dies(); }, function ($o) use ($key) { unset($o[$key]); },
        function ($o) use ($key) { $o[$key]['x'] = 1; }, function ($o) use ($key) { $o[$key] .= 'x'; }, function ($o) use ($key) { $r = &$o[$key]; $r = 1; },
        fn ($o) => count($o), fn ($o) => clone $o, fn ($o) => (string) $o, fn ($o) => (array) $o, fn ($o) => (bool) $o, fn ($o) => (int) $o, fn ($o) => "$o",
        fn ($o) => $o == instance($class, $strategy, $waiting), fn ($o) => $o <=> $o, fn ($o) => $o == 'x', fn ($o) => $o(), fn ($o) => $o->name, fn ($o) => isset($o->name),
        function ($o) { $o->name = new Dies(); $o->name = 1; unset($o->name); }, function ($o) { foreach ($o as $k => $v) { if (($n ??= 0) || ++$n > 3) { break; } } },
        function ($o) { foreach ($o as &$v) { $v = 1; break; } }, fn ($o) => [...$o], fn ($o) => iterator_to_array(new LimitIterator(new IteratorIterator($o), 0, 3)),
        function ($o) { $f = (function () use ($o) { yield from $o; })(); foreach ($f as $v) { if (($n ??= 0) || ++$n > 3) { break; } } }, fn ($o) => unserialize(serialize($o)),
        fn ($o) => json_encode($o), fn ($o) => var_export($o, true), fn ($o) => print_r($o, true), fn ($o) => get_object_vars($o), fn ($o) => array_key_exists('a', (array) $o),
        fn ($o) => in_array($o, [1, $o]), fn ($o) => $o . $o, fn ($o) => $o + 1, fn ($o) => [$key => $x] = $o, fn ($o) => $o->missing(), fn ($o) => $o::missing(), fn ($o) => throw $o,
        function ($o) { $w = new WeakMap(); $w[$o] = new Dies(); $o = null; }, function ($o) { $s = new SplObjectStorage(); $s[$o] = $o; }, function ($o) { ob_start(); var_dump($o); ob_end_clean(); },
    ];
    foreach ($uses as $use) {
        try {
            $use(instance($class, $strategy, $waiting));
        } catch (Throwable $thrown) {
            $thrown = null;
        }
    }
}

/** What comes back is used once, so that it may wait too. */
function use_result(mixed $result, int $strategy): void
{
    if ($result instanceof Traversable) {
        $count = 0;
        foreach ($result as $key => $value) {
            if (++$count > 3) {
                break;
            }
        }
    } elseif (is_resource($result) && get_resource_type($result) === 'stream') {
        fread($result, 10);
        fclose($result);
    }
}

function arguments(ReflectionFunctionAbstract $function, int $strategy, bool $all): array
{
    $args = [];
    foreach ($function->getParameters() as $at => $parameter) {
        if ($parameter->isOptional() && !$all) {
            break;
        }
        if ($parameter->isVariadic()) {
            $args[] = value_for($parameter, $strategy, $at);
            $args[] = value_for($parameter, $strategy + 1, $at);
            break;
        }
        $value = value_for($parameter, $strategy, $at);
        if ($parameter->isPassedByReference()) {
            $place = &$args[];
            $place = $value;
            unset($place);
        } else {
            $args[] = $value;
        }
    }
    return $args;
}

function value_for(ReflectionParameter $parameter, int $strategy, int $at): mixed
{
    $type = $parameter->getType();
    $types = [];
    if ($type instanceof ReflectionUnionType) {
        foreach ($type->getTypes() as $each) {
            $types[] = (string) $each;
        }
    } elseif ($type !== null) {
        $types[] = ltrim((string) $type, '?');
    }
    $types = array_values(array_diff($types, ['null', 'false', 'true'])) ?: ['mixed'];
    $one = $types[$strategy % count($types)];
    $name = strtolower($parameter->getName());
    return match ($one) {
        'callable', 'Closure' => callable_for($name, $strategy),
        'string' => string_for($name, $strategy, $at),
        'int' => number_for($name, $parameter, $strategy),
        'float' => 1.5,
        'bool' => $strategy % 2 === 0,
        'array' => array_for($name, $strategy),
        'iterable', 'Traversable', 'Iterator' => [new Magic(), generator(), new Other(), new ArrayIterator([1, 2])][$strategy % 4],
        'mixed' => mixed_for($name, $strategy),
        'object' => $strategy % 3 ? new Magic() : new Other(),
        'self', 'static' => instance($parameter->getDeclaringClass()->name, $strategy, true),
        default => class_exists($one, false) || interface_exists($one, false) ? instance($one, $strategy, true) : new Magic(),
    };
}

function callable_for(string $name, int $strategy): mixed
{
    return match ($strategy) {
        5 => 'waiter',
        6 => [new Magic(), 'called'],
        7 => 'Other::statically',
        8 => new Magic(),
        default => callback($strategy),
    };
}

/** A string, or what becomes one by waiting. */
function string_for(string $name, int $strategy, int $at): mixed
{
    if (str_contains($name, 'callback')) {
        return 'waiter';
    }
    $plain = plain_string($name);
    if (is_path($name)) {
        return match ($strategy) {
            0 => new Magic('wait://file.' . extension_for($name)),
            1, 5, 7 => 'wait://file.' . extension_for($name),
            2 => URL . '/file',
            3 => 'php://filter/read=wait/resource=wait://x.txt',
            4 => 'compress.zlib://wait://file.gz',
            6 => 'wait://dir',
            default => '/work/file.txt',
        };
    }
    return match ($strategy) {
        0, 2, 4 => new Magic($plain),
        6 => str_contains($name, 'class') || str_contains($name, 'type') ? 'Auto' . random_int(0, 1 << 40) : new Magic('waiter'),
        8 => 'wait://file.xml',
        3 => $at === 0 ? new Magic($plain) : $plain,
        default => $plain,
    };
}

function is_path(string $name): bool
{
    return (bool) preg_match('/file|path|dir|url|uri|^from$|^to$|source|destination|wsdl|location|dsn|archive|target|link|stylesheet|schema$/', $name);
}

function extension_for(string $name): string
{
    return match (true) {
        str_contains($name, 'wsdl') => 'wsdl',
        str_contains($name, 'schema') => 'xsd',
        default => ['txt', 'xml', 'php', 'png'][crc32($name) % 4],
    };
}

function plain_string(string $name): string
{
    return match (true) {
        str_contains($name, 'pattern') => '/(l)i/',
        str_contains($name, 'encod'), str_contains($name, 'charset') => 'UTF-8',
        str_contains($name, 'algo'), str_contains($name, 'hash') => 'sha256',
        str_contains($name, 'timezone') => 'Europe/Paris',
        str_contains($name, 'class') => 'ArrayObject',
        str_contains($name, 'date'), $name === 'time' => '2020-01-02 03:04:05',
        str_contains($name, 'interval'), str_contains($name, 'duration') => 'P1D',
        str_contains($name, 'host'), str_contains($name, 'ip') => '127.0.0.1',
        str_contains($name, 'json') => '{"a":1}',
        str_contains($name, 'xml'), $name === 'source' => '<a b="c"><d/></a>',
        str_contains($name, 'query'), str_contains($name, 'sql') => 'SELECT 1',
        str_contains($name, 'function'), str_contains($name, 'method') => 'waiter',
        str_contains($name, 'format') => '%s %d',
        str_contains($name, 'mode') => 'r+',
        str_contains($name, 'filter') => 'wait',
        str_contains($name, 'protocol'), str_contains($name, 'scheme') => 'wait2',
        str_contains($name, 'expression') => '//d',
        str_contains($name, 'cipher') => 'aes-128-cbc',
        default => '12',
    };
}

function number_for(string $name, ReflectionParameter $parameter, int $strategy): int
{
    if ($parameter->isDefaultValueAvailable()) {
        try {
            $default = $parameter->getDefaultValue();
            $choice = (bool) preg_match('/flag|option|mode|type/', $name);
            if (is_int($default)) {
                return $choice && $strategy > 1 ? [2, 1, 4, 8, 16, 5, 3][$strategy - 2] : $default;
            }
        } catch (Throwable) {
        }
    }
    return match (true) {
        str_contains($name, 'flag'), str_contains($name, 'option'), str_contains($name, 'mode') => $strategy % 3,
        str_contains($name, 'length'), str_contains($name, 'size'), str_contains($name, 'bytes') => 16,
        default => 1 + $strategy % 2,
    };
}

function array_for(string $name, int $strategy): array
{
    return match ($strategy) {
        0 => [new Magic('b'), new Magic('a'), new Magic('c')],
        1 => ['x' => 3, 'y' => 1, 'z' => 2],
        2 => [[new Magic('1'), 2], [new Dies(), 4]],
        3 => ['a' => new Other(), 'b' => new Dies(), 'c' => new Magic('q')],
        4 => [[new Magic(), 'called'], 'waiter', callback(0)],
        5 => ['wait://a.txt', 'wait://b.txt'],
        6 => ['/l/' => callback(3), '/i/' => 'waiter'],
        7 => [1, 'a' => [1, 2, [3]], 2 => 'x', 'o' => new Magic()],
        default => [new Dies(), new Dies()],
    };
}

function mixed_for(string $name, int $strategy): mixed
{
    if (preg_match('/^(stream|handle|fp|socket|file|image_stream)/', $name)) {
        return stream($strategy);
    }
    if (str_contains($name, 'context')) {
        return stream_context_create(['http' => ['timeout' => 2]], ['notification' => callback(0)]);
    }
    return match ($strategy) {
        0, 2, 4 => new Magic(),
        1 => [new Magic('n'), new Other()],
        3 => new Other(),
        5 => callback(0),
        6 => stream(6),
        7 => 'text',
        default => new Dies(),
    };
}

/** An open stream whose every use waits. */
function stream(int $strategy): mixed
{
    $stream = match ($strategy % 4) {
        0 => fopen('wait://stream.txt', 'r+'),
        1 => fopen('php://temp', 'w+'),
        2 => fopen('wait://stream.csv', 'r'),
        3 => fopen(URL . '/stream', 'r'),
    };
    if ($strategy % 4 === 1) {
        fwrite($stream, "some, text\nof, lines\n");
        rewind($stream);
        stream_filter_append($stream, 'wait');
    }
    return $stream;
}

require_once __DIR__ . '/objects.php';
