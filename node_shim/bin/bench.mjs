// What waits cost in Node itself: `node bench.mjs MODULE ASYNCIFIED ASYNCIFY_WASM DEPTH…`. Prints JSON: µs for one wait,
// by host and depth; ASYNCIFY_WASM is the folder of that package from npm, or `-`.

import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [plain, asyncified, folder, ...depths] = process.argv.slice(2);
const BLOCK_END = 1 << 20;

/** @typedef {(depth: number, count: number) => Promise<number>} Run */

const wait = async (/** @type {number} */ number) => number & 1;
const env = (/** @type {unknown} */ waits) => ({ env: { wait: waits, plain: (/** @type {number} */ number) => number } });

/** @type {(run: Run, depth: number, count: number) => Promise<number>} */
async function microseconds(run, depth, count) {
  const started = performance.now();
  const sum = await run(depth, count);
  if (sum !== Math.ceil(count / 2)) throw new Error(`wrong result: ${sum}`);
  return ((performance.now() - started) * 1000) / count;
}

/** @type {(run: Run, count: number) => Promise<Record<number, number>>} */
async function measured(run, count) {
  /** @type {Record<number, number>} */
  const found = {};
  for (const depth of depths.map(Number)) {
    try {
      await microseconds(run, depth, Math.ceil(count / 10));
      found[depth] = await microseconds(run, depth, depth === 1000 ? Math.ceil(count / 10) : count);
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) throw error;
      break; // the stack does not fit where this host saves it
    }
  }
  return found;
}

const jspi = new WebAssembly.Instance(new WebAssembly.Module(fs.readFileSync(plain)), env(new WebAssembly.Suspending(wait)));
/** @type {Record<string, Record<number, number>>} */
const found = { "jspi in Node": await measured(WebAssembly.promising(jspi.exports.run), 20000) };
if (folder !== "-") {
  const { main, module } = JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8"));
  const { instantiate } = await import(pathToFileURL(path.join(folder, module ?? main)).href);
  const { instance } = await instantiate(fs.readFileSync(asyncified), env(wait));
  // Its data block (address 16) has 1,000 bytes; a hundred frames need more, so the block's end is moved.
  new Int32Array(instance.exports.memory.buffer, 16)[1] = BLOCK_END;
  found["asyncify-wasm in Node"] = await measured(instance.exports.run, 2000);
}
console.log(JSON.stringify(found));
