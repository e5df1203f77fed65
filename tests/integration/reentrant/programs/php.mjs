// node php.mjs: a program on PHP 8.3, found from here; prints what it printed.
import { loadNodeRuntime } from "@php-wasm/node";
import { PHP } from "@php-wasm/universal";

const php = new PHP(await loadNodeRuntime("8.3", { emscriptenOptions: { processId: 1 } }));
const code = `<?php
  function fibonacci($n) { return $n < 2 ? $n : fibonacci($n - 1) + fibonacci($n - 2); }
  $words = array_map(fn($n) => md5((string) $n), range(1, 500));
  usort($words, function ($a, $b) { if ($a[0] === 'f') usleep(10); return strcmp($a, $b); });
  $deep = function ($n) use (&$deep) { return $n ? $deep($n - 1) + 1 : 0; };
  class Slow { function __destruct() { usleep(10); echo 'destroyed '; } }
  function lines() { foreach (range(1, 3) as $n) { usleep(10); yield "line $n"; } }
  $slow = new Slow; $slow = null;
  file_put_contents('/tmp/a', str_repeat('q', 100000));
  echo fibonacci(15), ' ', $words[7], ' ', $deep(3000), ' ', implode(',', iterator_to_array(lines())), ' ';
  echo preg_replace_callback('/q{50000}/', function ($m) { usleep(10); return strlen($m[0]); }, file_get_contents('/tmp/a'));
`;
const { text, errors, exitCode } = await php.run({ code });
console.log(JSON.stringify({ text, errors, exitCode }));
process.exit();
