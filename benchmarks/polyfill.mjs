// What a suspension costs by the polyfill and by the engine's own JSPI: ns a round trip, the best of several.
//
//   node benchmarks/polyfill.mjs            (Node 26; 24.0 to 24.19 want --experimental-wasm-jspi)
//
// The module is node_shim/test/builds/glue.wasm. `deep(n)` has n + 1 frames on the stack when its import waits for a
// promise that is resolved already.

import { readFileSync } from "node:fs";

import { createSwitching, hasNativeJspi } from "../node_shim/polyfill.mjs";

const REPEATS = 7;
const bytes = readFileSync(new URL("../node_shim/test/builds/glue.wasm", import.meta.url));

const native = {
  Suspending: WebAssembly.Suspending,
  promising: (exported) => WebAssembly.promising(exported),
  instantiate: (module, imports) => new WebAssembly.Instance(module, imports),
  read: () => null,
  remember: (module) => module,
};

function open(switching) {
  const module = switching.remember(new WebAssembly.Module(bytes), switching.read(bytes));
  const wait = new switching.Suspending(async (value) => value);
  const env = { wait, wait64: wait, pair: wait, plain: (value) => value };
  const { exports } = switching.instantiate(module, { env });
  return { exports, deep: switching.promising(exports.deep), one: switching.promising(exports.one) };
}

async function best(times, action) {
  let least = Infinity;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const begin = performance.now();
    await action(times);
    least = Math.min(least, performance.now() - begin);
  }
  return Math.round((least / times) * 1e6);
}

async function measure(switching) {
  const { exports, deep, one } = open(switching);
  const repeat = (call, arg) => async (times) => {
    for (let i = 0; i < times; i++) await call(arg);
  };
  return {
    "1 frame": await best(20_000, repeat(one, 1)),
    "10 frames": await best(20_000, repeat(deep, 9)),
    "100 frames": await best(5_000, repeat(deep, 99)),
    "1000 frames": await best(500, repeat(deep, 999)),
    "100 calls at once, 1 frame": await best(20_000, async (times) => {
      for (let i = 0; i < times; i += 100) await Promise.all(Array.from({ length: 100 }, (_, k) => one(k)));
    }),
    "an import that does not wait": await best(1_000_000, (times) => {
      for (let i = 0; i < times; i++) exports.through(i);
    }),
  };
}

const results = {};
if (hasNativeJspi()) results["native JSPI"] = await measure(native);
results.polyfill = await measure(createSwitching());
results["plain async function"] = { "1 frame": await best(20_000, async (times) => {
  const wait = async (value) => value;
  const outer = async (value) => (await wait(value)) + 1;
  for (let i = 0; i < times; i++) await outer(i);
}) };
if (results["native JSPI"] !== undefined) {
  const [native, polyfill] = [results["native JSPI"], results.polyfill];
  results["polyfill / native"] = Object.fromEntries(Object.keys(polyfill).map((key) => [key, Number((polyfill[key] / native[key]).toFixed(2))]));
}
console.log(`node ${process.versions.node}, ns`);
console.table(results);
if (process.argv[2] === "--json") console.log(JSON.stringify(results));
