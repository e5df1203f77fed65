// Measures one module in a process of its own: what compiling it and making an instance of it take, in CPU and in memory;
// with a second argument, how large it is compressed. Standard input is JSON: an import each, {module, name, kind, type}.
// Prints one line of JSON; sizes in bytes, times in ms of CPU. `started_ms` is null where no instance can be made of stubs.

import { readFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import { stubs } from "../wasm/stubs.mjs";

const bytes = readFileSync(process.argv[2]);
const imports = stubs(JSON.parse(readFileSync(0, "utf8")));
const before = process.memoryUsage().rss;
const cpu = process.cpuUsage();
const spent = () => Object.values(process.cpuUsage(cpu)).reduce((sum, each) => sum + each) / 1000;
const module = new WebAssembly.Module(bytes);
/** @type {Record<string, any>} */
const measured = { compile_ms: spent(), started_ms: null, memory: Math.max(0, process.memoryUsage().rss - before) };
try {
  measured.kept = new WebAssembly.Instance(module, imports) instanceof WebAssembly.Instance; // in use, so that no engine leaves it out
  measured.started_ms = spent();
} catch {
  // Stubs do not suit every start function.
}
if (process.argv[3]) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  Object.assign(measured, { raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length, brotli: brotliCompressSync(bytes, { params }).length });
}
console.log(JSON.stringify(measured));
