// Pieces of PHP that make the compiler emit each of its opcodes, in each of the forms that the virtual machine has a function
// of its own for: by the kinds of the operands (a constant, a variable, a temporary, the result of a call, $this, nothing).

const PER_PROGRAM = 20;

/** What is read from or written to: an object that waits, reached in different ways. */
const CONTAINERS = ["$m", "id($m)", "($m ?: 0)", "$this", "$o", "$un", "$a", "$h->m", "$h2['m']", "T::$st"];
const WRITABLE = ["$m", "id($m)", "$this", "$o->list", "$a", "$h->m", "$un", "T::$st", "$r"];
/** Names of properties, offsets. */
const KEYS = ["'k'", "$k", "($k . '')", "id($k)", "$s", "$un"];
const VALUES = ["1", "$n", "($n + 1)", "id($n)", "$s", "new Dies()", "$un", "'c'", "(string) $s", "[1]"];
const BINARY = ["+", "-", "*", "/", "%", "**", ".", "<<", ">>", "|", "&", "^", "==", "!=", "===", "<", "<=", "<=>", "xor", "??", "&&"];
const ASSIGNED = ["+=", ".=", "-=", "??=", "|=", "**=", "%="];
const CALLED = ["waiter", "$f", "$s", "id('waiter')", "[$m, 'x']", "'Other::statically'", "($f)", "$un"];
const ARGUMENTS = ["", "1", "$n", "id($n)", "$s", "...$a", "...$g()", "x: $n", "new Dies()", "$un", "$h->p", "$h2['q']"];
const CASTS = ["(string)", "(int)", "(float)", "(bool)", "(array)", "(object)", "!", "-", "+", "~", "@", "clone", "print", "throw", "include", "eval"];

/** Reading from containers, and what a statement does with what was read. */
function* reads() {
  for (const c of CONTAINERS) {
    for (const k of KEYS) {
      yield `$x = ${c}->{${k}};`;
      yield `$x = ${c}[${k}];`;
      yield `$x = ${c}?->{${k}};`;
      yield `$x = isset(${c}->{${k}}); $x = empty(${c}->{${k}}); $x = ${c}->{${k}} ?? 1;`;
      yield `$x = isset(${c}[${k}]); $x = empty(${c}[${k}]); $x = ${c}[${k}] ?? 1;`;
      yield `$x = isset(${c}->{${k}}->a); $x = isset(${c}[${k}]['a']); $x = ${c}[${k}]['a'] ?? 1;`;
      yield `${c}->{${k}}(); ${c}->{${k}}($n, $s);`;
      yield `[${k} => $x] = ${c};`;
      yield `id2(${c}[${k}]); id2(${c}->{${k}}); byref(${c}->{${k}});`;
      yield `if (${c}[${k}]) { $x = 1; } $x = ${c}->{${k}} ? 1 : 2;`;
      yield `$x = "a{${c === "$this" || c.startsWith("$") ? c : "$m"}}b"; echo ${c}[${k}], ${c}->{${k}};`;
    }
    yield `foreach (${c} as $x) { $y = $x; }`;
    yield `foreach (${c} as $x => $y) { break; }`;
    yield `foreach (${c} as $x => [$y]) { continue; }`;
    yield `[$x, $y] = ${c};`;
    yield `$x = clone ${c};`;
    yield `echo ${c}; print ${c}; $x = "a${"{"}$s} $n";`;
    yield `$x = [...${c}];`;
    yield `$x = match (true) { ${c} == 'q' => 1, default => 2 }; switch (${c}) { case '12': break; case 'q': break; }`;
    yield `return ${c};`;
    yield `$f = function () use ($m) { yield from ${c === "$this" ? "$m" : c.replace(/\$(o|un|a|h|k|n|s)\b/, "$m")}; }; foreach ($f() as $x) {}`;
    yield `$x = ${c} instanceof Auto1; $x = ${c} instanceof $k; $x = is_callable(${c}); $x = (fn () => ${c})();`;
    for (const cast of CASTS) yield `$x = ${cast}(${c});`;
  }
}

/** Writing to containers. */
function* writes() {
  for (const c of WRITABLE) {
    for (const k of [...KEYS, null]) {
      for (const v of VALUES) {
        if (k === null) {
          yield `${c}[] = ${v};`;
          continue;
        }
        yield `${c}->{${k}} = ${v};`;
        yield `${c}[${k}] = ${v};`;
      }
      if (k === null) {
        yield `${c}[] .= $s; ${c}[]->x = 1; $x = &${c}[]; byref(${c}[]);`;
        continue;
      }
      for (const op of ASSIGNED) {
        yield `${c}->{${k}} ${op} $s;`;
        yield `${c}[${k}] ${op} $n;`;
        yield `${c}[${k}] ${op} id($s);`;
      }
      yield `${c}->{${k}}++; ++${c}->{${k}}; $x = ${c}->{${k}}--;`;
      yield `${c}[${k}]++; ++${c}[${k}];`;
      yield `unset(${c}->{${k}});`;
      yield `unset(${c}[${k}]);`;
      yield `unset(${c}[${k}]['a'], ${c}->{${k}}->b);`;
      yield `$x = &${c}->{${k}};`;
      yield `$x = &${c}[${k}];`;
      yield `${c}->{${k}} = &$n;`;
      yield `${c}[${k}] = &$n;`;
      yield `${c}->{${k}}->a = 1; ${c}->{${k}}['a'] = 1;`;
      yield `${c}[${k}]['a'] = $d; ${c}[${k}]->a = 1;`;
      yield `byref(${c}->{${k}}); byref(${c}[${k}]);`;
      yield `foreach (${c} as ${c.startsWith("$") ? "&$x" : "$x"}) { $x = 1; }`;
    }
  }
}

/** What dies as it is overwritten, dropped or left. */
function* overwritten() {
  for (const v of VALUES) {
    yield `$x = new Dies(); $x = ${v};`;
    yield `$x = [new Dies()]; $x = ${v}; $x = [new Dies()]; $x[0] = ${v};`;
    yield `$h->p = new Dies(); $h->p = ${v}; Dies::$static = new Dies(); Dies::$static = ${v};`;
    yield `$x = new Dies(); $y = &$x; $y = ${v}; unset($x, $y); static $z = null; $z = ${v}; $z = new Dies();`;
    yield `echo ${v}; $x = ${v} . $s . 'x'; $x = "$s{$n}"; return ${v};`;
    yield `$f = function () { return ${v.replace(/\$(n|s|un)/, "1")}; }; $f(); new Dies(); id(new Dies()); (new Dies())->method(); (new Dies())->held;`;
    yield `$f = function &(array &$q) { yield 1; return $q; }; foreach ($f($a) as $x) { $x = ${v}; break; } unset($f);`;
    yield `$f = (function () { try { $x = yield ${v.replace(/\$(n|s|un)/, "1")} => 1; } finally { wait(); } })(); $f->current(); $f->send(1); unset($f);`;
    yield `try { throw new Exception('x'); } catch (Auto2 | Exception $e) { $e = ${v}; } finally { $x = ${v}; }`;
    yield `$x = match (${v}) { 1, 2 => new Dies(), $s => 3, default => 4 }; switch (${v}) { case $s: break; case 'x': break; default: new Dies(); }`;
    yield `for ($i = 0; $i < 2; $i++) { $x = new Dies(); if (${v}) continue; } while ($x = null) {} do { $y = new Dies(); } while (false); $y = $x ?: ${v};`;
    for (const op of BINARY) {
      for (const w of ["$s", "id($m)", "'12'", "$un", "($s . '')", "$m"]) yield `$x = ${w} ${op} ${v}; $x = ${v} ${op} ${w}; if (${w} ${op} ${v}) { $x = 1; }`;
    }
    for (const op of [...ASSIGNED, ".="]) yield `$x = 'a'; $x ${op} ${v}; $x = $s; $x ${op} ${v}; $$k ${op} ${v}; T::$st ${op} ${v};`;
  }
}

/** Calls of functions and methods, and static members. */
function* calls() {
  for (const f of CALLED) {
    for (const a of ARGUMENTS) {
      yield `$x = ${f === "waiter" ? f : `(${f})`}(${a}); ${f === "waiter" ? f : `(${f})`}(${a});`;
      yield `call_user_func(${f === "waiter" ? "'waiter'" : f}${a && !a.includes(":") && !a.startsWith("...") ? `, ${a}` : ""}); call_user_func_array(${f === "waiter" ? "'waiter'" : f}, [1]);`;
    }
  }
  for (const a of ARGUMENTS) {
    yield `$m->called(${a}); Magic::statically(${a}); Other::statically(${a}); $o->method(${a}); $k = 'method'; $o->$k(${a}); [$o, 'method'](${a});`;
    yield `$x = new Auto${a.length}(${a}); $x = new Mark(${a}); $c = 'Mark'; $x = new $c(${a}); $x = new class(${a}) { function __construct(...$q) { wait(); } function __destruct() { wait(); } };`;
    yield `parent::__invoke(${a}); self::__callStatic('x', [1]); static::q(${a}); strlen(${a}); implode(',', [$s, $s]); strval(${a}); byref2(${a});`;
    yield `$f = $o->method(...); $f(${a}); $f = strlen(...); $f(${a}); $f = Closure::fromCallable('waiter'); $f(${a}); $f->call($m${a && !a.includes(":") ? `, ${a}` : ""}); usort($a, 'waiter');`;
  }
  const statics = ["Auto3::C", "Auto4::$s", "Auto5::m()", "Auto6::class", "Missing7::C", "Missing8::$s", "Missing9::m()", "new Missing10", "MISSING_CONST", "missing_function()", "Suit::from('h')", "Suit::Hearts->name"];
  for (const c of statics) {
    yield `$x = ${c};`;
    yield `$x = isset(${c.includes("$s") ? c : "Auto11::$s"}); $x = defined('Auto12::C') ? 1 : 2; $x = constant('Auto13::C');`;
    yield `$c = 'Auto14'; $x = $c::C; $x = $c::$s; $c::$s = 1; $x = &$c::$s; $x = $c::m(); unset($x); $c = 'Missing15'; $x = $c::C;`;
    yield `$x = $m instanceof Auto16; class_exists('Auto17'); try { new Missing18(); } catch (Missing19 $e) {} ${c};`;
  }
}

/** What needs no operand of its own. */
function* others() {
  yield `include 'wait://a.php'; require 'wait://b.php'; include_once 'wait://c.php'; require_once 'wait://d.php'; eval('wait();');`;
  yield `$x = eval('return new Dies();'); $x = null; extract(['x' => new Dies()]); $x = 1; $y = compact('m', 'un'); parse_str('x=1', $x);`;
  yield `$GLOBALS['zz'] = new Dies(); $GLOBALS['zz'] = 1; unset($GLOBALS['zz']); $GLOBALS['yy']['q'] = $d; global $ww; $ww = new Dies(); $ww = 1;`;
  yield `declare(ticks=1); register_tick_function('waiter'); $x = 1; $y = 2; unregister_tick_function('waiter');`;
  yield `$f = fn () => yield 1; foreach ($f() as $x) {} $f = function () { $x = yield; $y = yield $x; return 1; }; $g = $f(); $g->send(1); $g->throw(new Exception()); `;
  yield `$f = function () { try { yield 1; yield 2; } catch (Exception $e) { wait(); yield 3; } }; $g = $f(); $g->current(); $g->throw(new Exception()); $g->next(); $g->getReturn();`;
  yield `set_exception_handler('waiter'); throw new Exception(new Magic());`;
  yield `register_shutdown_function('waiter'); register_shutdown_function([new Magic(), 'x']); exit(new Magic());`;
  yield `header_register_callback('waiter'); echo 1; ob_start('waiter'); echo 2; ob_flush(); ob_clean(); ob_get_flush(); ob_start('waiter'); exit('x');`;
  yield `$f = new Fiber(function ($x) { wait(); $y = Fiber::suspend(1); wait(); throw new Exception(); }); $f->start(1); wait(); try { $f->resume(2); } catch (Exception $e) { wait(); }`;
  yield `$f = new Fiber(function () { try { Fiber::suspend(); } finally { wait(); } }); $f->start(); unset($f); gc_collect_cycles();`;
  yield `$a = new Dies(); $a->held = $a; unset($a); gc_collect_cycles(); $w = new WeakMap(); $k = new Dies(); $w[$k] = new Dies(); unset($k);`;
  yield `assert(id($s) == 'never'); trigger_error('x', E_USER_WARNING); error_log(new Magic()); ini_set('assert.callback', 'waiter'); assert(false);`;
}

function* pieces() {
  yield* reads();
  yield* writes();
  yield* overwritten();
  yield* calls();
  yield* others();
}

/** Declaring what is autoloaded, and what is called when a class is linked or made. */
function* classes() {
  let number = 0;
  const name = () => `Made${number++}_`;
  for (const head of ["extends Auto20", "implements Countable, Missing21", "extends Magic", "extends ArrayObject", "extends Missing22"]) {
    yield `eval('class ${name()} ${head} { function count(): int { wait(); return 1; } }');`;
  }
  yield `eval('class ${name()} { use Missing23; }'); `;
  yield `eval('class ${name()} { const A = Auto24::C; public $p = Auto25::C; static $s = Auto26::C; function f($x = Auto27::C, Auto28 $t = null, Auto29|int $u = 1): ?Auto30 { static $q = Auto31::C; return $x; } } (new ${name()}())->f();');`;
  yield `eval('class ${name()}X { public readonly int $r; public int $i = 1; public ?string $s = null; function __construct() { $this->r = 1; } } $x = new ${"Made"}0_X(); $x->i = $GLOBALS["zz"] ?? "3"; $x->s = new Magic("q"); $x->s .= new Magic("q"); $q = &$x->s; $q = new Magic("r"); $x->r = 2;');`;
  yield `function typed(string $x, int|string $y = 1, ?bool $z = null, string ...$w): string { return $x; } typed(new Magic()); typed(new Magic('3'), new Magic('4')); typed('a', 1, true, new Magic());`;
  yield `function back(): string { return new Magic(); } back(); function gen(): iterable { yield from new Magic(); return new Dies(); } foreach (gen() as $x) {}`;
  yield `#[AllowDynamicProperties] class Dyn { } $x = new Dyn(); $x->a = new Dies(); $x->a = 1; unset($x->a); $x->{'b'} = [new Dies()]; foreach ($x as $k => &$v) { $v = 1; }`;
  yield `serialize([new Magic(), new Other()]); unserialize(serialize(new Magic())); unserialize(serialize(new Other())); unserialize('O:6:"Auto32":0:{}'); unserialize('E:6:"Auto33:A";'); var_export(new Magic()); var_dump(new Magic()); print_r(new Other()); json_encode([new Magic()]); debug_zval_refcount(new Magic());`;
  yield `class Evaluated { const A = Auto41::C . 'x'; public $p = Auto42::C + 1; static $s = [Auto43::C => Suit::Hearts]; const E = Suit::Hearts; function f($x = new Mark(), $y = Auto44::C ?: 2) { static $z = Auto45::C; } } echo Evaluated::A; (new Evaluated())->f(); echo Evaluated::$s[1] ?? 1; define('Q', new Mark()); const W = Auto46::C; (new ReflectionClass('Evaluated'))->getConstants();`;
  yield `$x = [new Dies(), new Dies(), 'k' => new Dies(), new Dies()]; array_splice($x, 0, 1, [1]); array_splice($x, 1); $x = [new Dies(), new Dies()]; unset($x[1]); $x[0] = 1; array_pop($x); $x = array_fill(0, 3, new Dies()); array_shift($x); array_walk($x, fn (&$v) => $v = null);`;
  yield `include 'wait://a.php'; require_once 'wait://b.php'; include URL . '/a.php'; include 'php://filter/read=wait/resource=wait://c.php'; include 'data:text/plain,x'; @include 'wait://none.php';`;
  yield `$x = new ReflectionClass('Marked'); foreach ($x->getAttributes() as $y) $y->newInstance(); $x->newInstance(); new ReflectionClass('Auto34'); new ReflectionMethod('Auto35::m'); (new ReflectionProperty('Other', 'next'))->setValue(new Other(), new Dies());`;
}

/** The programs: [id, code] each, many pieces in one, each in a method of its own. */
export function* templates() {
  let batch = [];
  let number = 0;
  // What may be refused by the compiler, and so end a program, is one by itself.
  for (const piece of classes()) yield [`class/${number++}`, program([piece], false)];
  const all = [...pieces()];
  for (const handler of [false, true]) {
    for (const piece of all) {
      batch.push(piece);
      if (batch.length === PER_PROGRAM || piece === all.at(-1)) {
        yield [`template/${number++}`, program(batch, handler)];
        batch = [];
      }
    }
  }
}

function program(batch, handler) {
  const methods = batch.map((piece, at) => {
    return `try { eval(${phpString(CLASS.replaceAll("NUMBER", `${at}`).replace("BODY", () => piece))}); (new T${at}())->t(); } catch (Throwable $e) { $e = null; }`;
  });
  return `${SETUP} ${handler ? "set_error_handler(function () { wait(); return true; });" : ""} ${methods.join("\n")}`;
}

const phpString = (text) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
const SETUP = `function id($x) { return $x; } function id2($x) { return $x; } function byref(&$x) { $x = 1; } function byref2(&...$x) { }
class T extends Magic { public static $st; public $pp; }
class Held { public $m; public $p; public array $q = []; public int $typed = 1; }`;
const CLASS = `class TNUMBER extends T { function t() { T::$st = new Magic(); $m = new Magic(); $o = new Other(); $d = new Dies(); $k = 'k'; $s = new Magic('12');
$a = [1, 'k' => new Magic(), 2 => [1]]; $n = 1; $h = new Held(); $h->m = new Magic(); $h->p = new Dies(); $f = callback(2); $g = 'generator'; $r = &$m; $h2 = ['m' => $m];
BODY } }`;
