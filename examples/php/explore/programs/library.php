<?php
// --- session
ini_set('session.use_cookies', '0');
ini_set('session.use_strict_mode', '1');
ini_set('session.gc_probability', '1');
ini_set('session.gc_divisor', '1');
session_set_save_handler(new WaitSession(), true);
session_start();
$_SESSION['a'] = new Magic();
session_regenerate_id(true);
session_reset();
session_encode();
session_decode('a|O:6:"Auto50":0:{}');
session_gc();
session_create_id();
session_write_close();
session_start(['read_and_close' => true]);
session_start();
$_SESSION['b'] = new Other();
session_abort();
session_start();
session_destroy();
// --- session-callbacks
ini_set('session.use_cookies', '0');
ini_set('session.lazy_write', '1');
session_set_save_handler(callback(0), callback(0), fn ($id) => waiter('') ?: '', callback(0), callback(0), fn ($max) => (int) waiter(1), fn () => waiter('newid') , callback(0), callback(0));
session_start();
$_SESSION['x'] = 1;
session_regenerate_id();
session_commit();
session_start();
// --- session-files-in-shutdown
ini_set('session.use_cookies', '0');
class Parented extends SessionHandler
{
    public function read(string $id): string|false { wait(); return parent::read($id); }
    public function write(string $id, string $data): bool { wait(); return parent::write($id, $data); }
    public function open(string $path, string $name): bool { wait(); return parent::open($path, $name); }
    public function close(): bool { wait(); return parent::close(); }
}
session_set_save_handler(new Parented(), true);
session_start();
$_SESSION['y'] = new Magic();
// --- xml
$document = new DOMDocument();
$document->load('wait://a.xml', LIBXML_NOENT | LIBXML_DTDLOAD);
$document->loadHTMLFile('wait://a.html');
@$document->load(URL . '/a.xml');
$document->loadXML('<a b="c"><d>1</d><d>2</d></a>');
$document->save('wait://out.xml');
$document->saveHTMLFile('wait://out.html');
@$document->schemaValidate('wait://a.xsd');
@$document->relaxNGValidate('wait://a.rng');
$document->loadXML('<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="wait://a.xml"/><xi:include href="wait://a.txt" parse="text"/></a>');
@$document->xinclude();
@$document->load('wait://a.xml', LIBXML_DTDVALID | LIBXML_DTDATTR);
@$document->loadXML('<!DOCTYPE a SYSTEM "wait://a.dtd"><a/>', LIBXML_DTDLOAD);
@$document->validate();
$path = new DOMXPath($document);
$path->registerNamespace('php', 'http://php.net/xpath');
$path->registerPhpFunctions();
foreach (['php:function("waiter", //d)', '//d[php:functionString("waiter", .)]', 'php:function("Other::statically", 1)'] as $expression) {
    @$path->evaluate($expression);
    @$path->query($expression);
}
libxml_set_external_entity_loader(function (...$args) { wait(); return fopen('wait://ent.txt', 'r'); });
@$document->loadXML('<!DOCTYPE a [<!ENTITY e SYSTEM "x">]><a>&e;</a>', LIBXML_NOENT | LIBXML_DTDLOAD);
libxml_set_external_entity_loader(null);
libxml_set_streams_context(stream_context_create([], ['notification' => callback(0)]));
@simplexml_load_file(URL . '/a.xml');
$simple = simplexml_load_file('wait://a.xml', 'SimpleXMLElement', LIBXML_NOENT);
$simple->asXML('wait://b.xml');
$simple->xpath('//d');
(string) $simple->d;
$simple->addChild(new Magic('n'), new Magic('v'));
foreach ([fn () => $simple['attr'] = new Magic('z'), fn () => $simple->d[0] = new Magic('z')] as $assign) {
    try { $assign(); } catch (Throwable) {}
}
$reader = XMLReader::open('wait://a.xml', null, LIBXML_NOENT | LIBXML_DTDLOAD);
@$reader->setSchema('wait://a.xsd');
while (@$reader->read()) {
    $reader->readOuterXml();
    $reader->expand();
}
@$reader->next();
$reader->close();
@XMLReader::open(URL . '/a.xml')->read();
$writer = new XMLWriter();
$writer->openUri('wait://w.xml');
$writer->startDocument();
for ($i = 0; $i < 2000; $i++) {
    $writer->writeElement('a', str_repeat('text', 10));
}
$writer->endDocument();
$writer->flush();
unset($writer, $reader, $document);
// --- xml-parser
$parser = parser();
xml_parse($parser, '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e SYSTEM "x"><!NOTATION n SYSTEM "y"><!ENTITY u SYSTEM "z" NDATA n>]><a xmlns:q="u"><?pi data?>text<b/>&e;</a>', true);
$parser = xml_parser_create_ns();
xml_set_object($parser, new Magic());
xml_set_element_handler($parser, 'start', 'end');
xml_set_character_data_handler($parser, 'data');
xml_set_start_namespace_decl_handler($parser, 'ns');
xml_parse($parser, '<a xmlns:b="u"><b:c>t</b:c></a>');
xml_parse_into_struct(parser(), '<a>t</a>', $values);
// --- zip-and-phar
$zip = zip();
$zip->addFile('/library/wait.php');
$zip->close();
$zip = new ZipArchive();
$zip->open('/work/s.zip', ZipArchive::CREATE | ZipArchive::OVERWRITE);
for ($i = 0; $i < 20; $i++) {
    $zip->addFromString("$i.txt", str_repeat('x', 1000));
}
$zip->registerProgressCallback(0.01, callback(2));
$zip->registerCancelCallback(callback(4));
$zip->close();
file_get_contents('zip:///work/s.zip#1.txt');
$tar = new PharData('/work/t.tar');
$tar->buildFromIterator(new ArrayIterator(['a.txt' => '/library/wait.php', 'b.txt' => '/library/objects.php']));
$tar->buildFromIterator(new RecursiveIteratorIterator(new RecursiveDirectoryIterator('/library', FilesystemIterator::SKIP_DOTS)), '/library');
$tar->buildFromIterator((function () { wait(); yield 'c.txt' => fopen('wait://x.txt', 'r'); })());
$tar->addFile('wait://x.txt', 'd.txt');
$tar['e.txt'] = fopen('wait://y.txt', 'r');
$tar->addFromString('f.txt', 'x');
foreach (new RecursiveIteratorIterator($tar) as $file) {
    $file->getContent();
}
$tar->compress(Phar::GZ);
file_get_contents('phar:///work/t.tar/f.txt');
$tar->extractTo('/work/out', null, true);
opendir('phar:///work/t.tar');
// --- output
ob_start(function ($buffer, $phase) { wait(); return $buffer; }, 1);
echo new Magic();
print 'x';
printf('%s', new Magic());
vprintf('%s', [new Magic()]);
var_dump(new Magic());
print_r(new Magic());
var_export(new Magic());
echo 'a', 1, 1.5, "\n";
phpinfo(INFO_MODULES);
highlight_string('<?php echo 1;');
readfile('wait://a.txt');
debug_print_backtrace();
php_strip_whitespace('wait://a.php');
highlight_file('wait://a.php');
flush();
ob_flush();
output_add_rewrite_var('a', 'b');
echo '<a href="x">';
ob_get_status(true);
trigger_error('x');
ob_end_flush();
ob_start(); echo 1; ob_start('waiter'); echo 2;
// --- output-at-exit
ob_start(function ($buffer) { wait(); return $buffer; });
echo 'left for the end';
// --- functions-with-magic
foreach ([SORT_REGULAR, SORT_STRING, SORT_STRING | SORT_FLAG_CASE, SORT_NATURAL, SORT_LOCALE_STRING, SORT_NUMERIC] as $flag) {
    foreach (['sort', 'rsort', 'asort', 'arsort', 'ksort', 'krsort'] as $function) {
        $values = [new Magic('b'), new Magic('a'), 'c', new Magic('d')];
        $function($values, $flag);
    }
    $values = [new Magic('b'), new Magic('a'), 'c'];
    $more = [3, 1, 2];
    try { array_multisort($values, SORT_ASC, $flag, $more); } catch (Throwable) {}
    try { array_unique($values, $flag); } catch (Throwable) {}
}
$strings = [new Magic('b'), new Magic('a'), 'a'];
foreach (['array_diff', 'array_intersect', 'array_diff_assoc', 'array_intersect_assoc', 'array_diff_key', 'array_merge', 'array_combine', 'array_fill_keys'] as $function) {
    try { $function($strings, $strings); } catch (Throwable) {}
}
foreach (['array_udiff', 'array_uintersect', 'array_diff_ukey', 'array_intersect_ukey', 'array_diff_uassoc', 'array_intersect_uassoc', 'array_udiff_assoc', 'array_uintersect_assoc'] as $function) {
    $function(['a' => 1, 'b' => 2, 'c' => 3], ['a' => 1, 'd' => 4], fn ($x, $y) => waiter($x <=> $y));
}
foreach (['array_udiff_uassoc', 'array_uintersect_uassoc'] as $function) {
    $function(['a' => 1, 'b' => 2], ['a' => 1], fn ($x, $y) => waiter($x <=> $y), fn ($x, $y) => waiter($x <=> $y));
}
foreach (['in_array', 'array_search', 'array_keys'] as $function) {
    $function === 'array_keys' ? array_keys($strings, 'a') : $function('a', $strings);
}
implode(',', $strings);
str_replace($strings, $strings, $strings);
preg_replace_callback('/a/', callback(3), ['a', new Magic('ba')]);
preg_replace_callback_array(['/a/' => callback(3)], 'aba');
mb_ereg_replace_callback('a', callback(3), 'aba');
preg_match(new Magic('/a/'), new Magic('a'));
max($strings); min(new Magic('1'), '2'); array_sum($strings); array_product([1]); range(new Magic('a'), 'c');
array_walk_recursive($strings, 'waiter'); array_map(null, $strings, $strings); array_map('waiter', $strings, [1, 2, 3]);
usort($strings, 'strcmp'); array_filter(['a' => 1], callback(0), ARRAY_FILTER_USE_BOTH); array_reduce([1, 2], callback(2));
iterator_to_array(new Magic()); iterator_count(new Magic()); iterator_apply(new Magic(), callback(0));
is_callable([new Magic(), 'q']); is_callable('Auto60::m'); method_exists('Auto61', 'm'); is_a('Auto62', 'Auto63', true); is_subclass_of('Auto64', 'Auto65');
get_parent_class('Auto66'); class_implements('Auto67'); get_class_methods('Auto68'); property_exists('Auto69', 'p'); class_parents('Auto70'); get_class_vars('Auto71');
unserialize('O:6:"Auto72":1:{s:1:"a";i:1;}'); unserialize('C:6:"Auto73":0:{}'); unserialize('a:1:{i:0;O:6:"Auto74":0:{}}', ['max_depth' => 3]);
ini_set('unserialize_callback_func', 'waiter'); unserialize('O:4:"Nope":0:{}');
constant('Auto75::C'); defined('Auto76::C'); enum_exists('Auto77'); interface_exists('Auto78'); trait_exists('Auto79'); class_exists('Auto80');
call_user_func('Auto81::m'); call_user_func(['Auto82', 'm']); array_map('Auto83::m', [1]); new ReflectionMethod('Auto84', 'm');
// --- reflection
foreach ([ReflectionClass::class, ReflectionObject::class] as $of) {
    $class = new $of(new Magic());
    $class->newInstance();
    $class->newInstanceArgs(['x']);
    $class->getMethod('__invoke')->invoke(new Magic(), 1);
    $class->getMethod('__invoke')->invokeArgs(new Magic(), [1]);
    $class->getProperty('public')->getValue(new Magic());
    $class->getProperty('public')->setValue(new Magic(), new Dies());
    $class->getConstants();
    $class->isSubclassOf('Auto90');
    $class->implementsInterface('Countable');
}
(new ReflectionFunction('waiter'))->invoke(1);
(new ReflectionFunction('waiter'))->getClosure()(2);
foreach ([fn () => new ReflectionClass('Auto91'), fn () => new ReflectionMethod('Auto92::m'), fn () => new ReflectionProperty('Auto93', 's'), fn () => new ReflectionParameter(['Auto94', 'm'], 0),
    fn () => new ReflectionClassConstant('Auto95', 'C'), fn () => new ReflectionEnum('Auto96')] as $make) {
    try { $make(); } catch (Throwable) {}
}
