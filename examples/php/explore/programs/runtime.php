<?php
// --- shutdown
register_shutdown_function('waiter', new Magic());
register_shutdown_function(function () { wait(); register_shutdown_function('waiter'); });
$global = new Magic();
$GLOBALS['cycle'] = [new Dies()];
Dies::$static = new Dies();
define('HELD', new Dies());
function keeps() { static $kept; $kept = new Dies(); }
keeps();
ob_start('waiter');
exit('bye');
// --- uncaught
set_exception_handler(function ($e) { wait(); throw new Exception('again'); });
$held = new Dies();
throw new Exception('x', 1, new Exception(new Magic()));
// --- fatal
register_shutdown_function('waiter');
set_error_handler(function (...$args) { wait(); return false; });
$held = new Dies();
echo $undefined, $held->none, [][0], "a"[5] ?? '', 1 <=> [], (int) 'x1';
hex2bin('x'); array_combine([], []); strpos('', '', 5);
eval('new class { abstract function f(); };');
// --- errors-become-exceptions
set_error_handler(function ($no, $text) { wait(); throw new ErrorException($text); });
foreach ([fn () => $undefined, fn () => 1 / 0, fn () => [] . '', fn () => (string) [], fn () => unserialize('x'), fn () => fopen('/none', 'r'), fn () => $a['x'], fn () => hex2bin('a'),
    fn () => strlen(null), fn () => (new Dies())->none, fn () => "abc"->x, fn () => [1][2], fn () => 'a' + 1, fn () => '5 apples' + 1, fn () => iconv('x', 'y', 'z'), fn () => constant('NONE'),
    fn () => json_decode('{', flags: JSON_THROW_ON_ERROR), fn () => intdiv(1, 0), fn () => array_rand([]), fn () => file_get_contents('/none'), fn () => include '/none.php',
    fn () => simplexml_load_string('<a'), fn () => mb_convert_encoding('x', 'none'), fn () => date_create('x y z'), fn () => imagecreatefromstring('x'), fn () => preg_match('/', '')] as $wrong) {
    try { $wrong(); } catch (Throwable $e) { $e = (string) $e; }
}
// --- destructors
class Tree { public $children = []; public function __destruct() { wait(); } }
$tree = new Tree();
$tree->children = [new Tree(), new Tree(), 'k' => [new Tree(), (object) ['x' => new Tree()]]];
$tree = null;
$list = new SplDoublyLinkedList(); $list->push(new Dies()); $list = null;
$list = new SplObjectStorage(); $list[new Dies()] = new Dies(); $list = null;
$list = new ArrayObject([new Dies()]); $list['a'] = new Dies(); unset($list[0]); $list = null;
$list = new SplFixedArray(2); $list[0] = new Dies(); $list[0] = null; $list[1] = new Dies(); $list->setSize(1); $list = null;
$list = new SplPriorityQueue(); $list->insert(new Dies(), 1); $list = null;
$list = new SplMinHeap(); $list->insert(new Dies()); $list = null;
$closure = function () { static $x; $x = new Dies(); }; $closure(); $closure = null;
$closure = (function ($y) { return fn () => $y; })(new Dies()); $closure = null;
$generator = (function () { $x = new Dies(); yield $x; yield 2; })(); $generator->current(); $generator = null;
$generator = (function () { foreach (generator() as $x) { yield $x; } })(); $generator->current(); unset($generator);
foreach ([1, 2] as $i) { $local = new Dies(); } $local = [new Dies(), new Dies()]; array_pop($local); array_shift($local); array_splice($local, 0);
$map = ['a' => new Dies(), 'b' => new Dies()]; unset($map['a']); $map = array_filter($map, fn () => false); $map = ['x' => new Dies()]; array_walk($map, function (&$v) { $v = 1; });
$a = new Dies(); $b = new Dies(); $a->held = $b; $b->held = $a; $a = $b = null; gc_collect_cycles();
(function (Dies $d) { $d = null; })(new Dies()); (function (...$all) { })(new Dies(), new Dies()); [$x, $y] = [new Dies(), new Dies()]; [$x, $y] = [$y, null];
$s = (object) ['p' => new Dies()]; $s->p = 1; $s->q = new Dies(); unset($s->q); settype($s, 'int'); $copy = clone new Tree(); $copy = serialize(new Tree());
preg_match('/(a)/', 'a', $m); $m = new Dies(); preg_match('/(a)/', 'a', $m); $r = new Dies(); str_replace('a', 'b', 'a', $r); $r = [new Dies()]; parse_str('a=1', $r); $r = new Dies(); exec('x', $q, $r);
new Dies() == new Dies(); if (new Dies()) { } while (!new Dies()) { } switch (new Dies()) { default: } echo (bool) new Dies(); isset($u) ?: new Dies(); return new Dies();
// --- streams
foreach (['r', 'w', 'a', 'x', 'c+'] as $mode) {
    $s = fopen('wait://a.txt', $mode);
    fread($s, 3); fwrite($s, 'abc'); fseek($s, 1); ftell($s); rewind($s); feof($s); fflush($s); fstat($s); ftruncate($s, 1); flock($s, LOCK_SH); stream_set_blocking($s, false);
    stream_set_timeout($s, 1); stream_set_write_buffer($s, 0); stream_get_meta_data($s); stream_select_of($s); fclose($s);
}
function stream_select_of($s) { $r = [$s]; $w = $e = null; try { stream_select($r, $w, $e, 0); } catch (Throwable) {} }
file_put_contents('wait://a.txt', new Magic('x'), FILE_APPEND | LOCK_EX); file_put_contents('wait://a.txt', [new Magic('y'), 'z']); file_put_contents('wait://a.txt', fopen('wait://b.txt', 'r'));
foreach (['file_exists', 'is_file', 'is_dir', 'is_link', 'filesize', 'filemtime', 'fileatime', 'filectime', 'fileperms', 'fileowner', 'filegroup', 'fileinode', 'filetype', 'stat', 'lstat',
    'is_readable', 'is_writable', 'is_executable', 'unlink', 'rmdir', 'mkdir', 'touch', 'opendir', 'scandir', 'realpath', 'dir', 'file', 'readfile', 'parse_ini_file', 'md5_file', 'sha1_file',
    'exif_read_data', 'getimagesize', 'imagecreatefrompng', 'imagecreatefromgif', 'imagecreatefromjpeg', 'imagecreatefromwebp', 'imagecreatefrombmp', 'imagecreatefromxbm', 'imagecreatefromtga',
    'imagecreatefromgd', 'imagecreatefromgd2', 'imagecreatefromwbmp', 'imagecreatefromxpm', 'imagecreatefromavif', 'gzfile', 'readgzfile', 'gzopen', 'mime_content_type', 'get_meta_tags', 'simplexml_load_file', 'highlight_file', 'disk_free_space'] as $function) {
    foreach (['png', 'gif', 'jpg', 'gz', 'txt', 'bmp'] as $extension) {
        try { @$function("wait://a.$extension"); } catch (Throwable) {}
    }
}
copy('wait://a', 'wait://b'); rename('wait://a', 'wait://b'); chmod('wait://a', 0644); chown('wait://a', 0); chgrp('wait://a', 0);
$d = opendir('wait://dir'); readdir($d); rewinddir($d); closedir($d);
$image = imagecreatetruecolor(2, 2);
foreach (['imagepng', 'imagegif', 'imagejpeg', 'imagewebp', 'imagebmp', 'imagewbmp', 'imagexbm', 'imagegd', 'imagegd2', 'imageavif'] as $function) {
    try { @$function($image, 'wait://i'); @$function($image, fopen('wait://j', 'w')); } catch (Throwable) {}
    ob_start(callback(3), 1); try { @$function($image); } catch (Throwable) {} ob_end_clean();
}
foreach (['string.rot13', 'convert.base64-encode', 'zlib.deflate', 'string.toupper', 'convert.iconv.UTF-8/UTF-16', 'wait', 'dechunk', 'convert.quoted-printable-encode'] as $filter) {
    @file_get_contents("php://filter/read=$filter/resource=wait://a.txt"); @file_put_contents("php://filter/write=$filter/resource=wait://a.txt", 'text');
    $s = fopen('wait://a.txt', 'w+'); $f = @stream_filter_append($s, $filter); fwrite($s, 'x'); @stream_filter_remove($f); fclose($s);
}
$s = fopen('php://temp/maxmemory:10', 'w+'); fwrite($s, str_repeat('x', 100)); stream_copy_to_stream(fopen('wait://a.txt', 'r'), $s); $z = fopen('compress.zlib://wait://a.gz', 'r');
 fputcsv(fopen('wait://a.csv', 'w'), [new Magic('x')]); $f = new SplFileObject('wait://a.csv'); $f->setFlags(SplFileObject::READ_CSV | SplFileObject::SKIP_EMPTY | SplFileObject::READ_AHEAD);
try { foreach ($f as $row) { } } catch (Throwable) {} try { $f->seek(1); $f->fgetcsv(); $f->rewind(); $f->fread(3); $f->fwrite('x'); $f->ftruncate(1); $f->flock(LOCK_EX); $f->fpassthru(); $f->fgetc(); $f->eof(); (string) $f; } catch (Throwable) {}
