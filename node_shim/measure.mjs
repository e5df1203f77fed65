// Measures one module in a process of its own: how long it takes to compile, what memory that takes; with a second
// argument, how large it is compressed. Prints one line of JSON; sizes in bytes, times in ms.

import { readFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const bytes = readFileSync(process.argv[2]);
const before = process.memoryUsage().rss;
const started = performance.now();
const module = new WebAssembly.Module(bytes);
const told = { compile_ms: performance.now() - started, memory: Math.max(0, process.memoryUsage().rss - before), imports: WebAssembly.Module.imports(module).length };
if (process.argv[3]) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  Object.assign(told, { raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length, brotli: brotliCompressSync(bytes, { params }).length });
}
console.log(JSON.stringify(told));
