// What a suspension costs by the polyfill and by the engine's own JSPI: ns of CPU a round trip, the best of several rounds.
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

/** What is measured, by name: how often, and a function of that. */
function tasks(switching) {
  const { exports, deep, one } = open(switching);
  const repeat = (call, arg) => async (times) => {
    for (let i = 0; i < times; i++) await call(arg);
  };
  return {
    "1 frame": [20_000, repeat(one, 1)],
    "10 frames": [20_000, repeat(deep, 9)],
    "100 frames": [5_000, repeat(deep, 99)],
    "1000 frames": [500, repeat(deep, 999)],
    "100 calls at once, 1 frame": [20_000, async (times) => {
      for (let i = 0; i < times; i += 100) await Promise.all(Array.from({ length: 100 }, (_, k) => one(k)));
    }],
    "an import that does not wait": [1_000_000, (times) => {
      for (let i = 0; i < times; i++) exports.through(i);
    }],
  };
}

const plain = {
  "1 frame": [20_000, async (times) => {
    const wait = async (value) => value;
    const outer = async (value) => (await wait(value)) + 1;
    for (let i = 0; i < times; i++) await outer(i);
  }],
};

const ways = { ...(hasNativeJspi() ? { "native JSPI": tasks(native) } : {}), polyfill: tasks(createSwitching()), "plain async function": plain };
const results = Object.fromEntries(Object.keys(ways).map((way) => [way, {}]));
// All ways in each round, so that a busy machine does them all the same wrong.
for (let round = 0; round < REPEATS; round++) {
  for (const name of Object.keys(ways.polyfill)) {
    for (const [way, each] of Object.entries(ways)) {
      if (each[name] === undefined) continue;
      const [times, action] = each[name];
      const begin = process.cpuUsage();
      await action(times);
      const { user, system } = process.cpuUsage(begin);
      const took = Math.round(((user + system) * 1000) / times);
      results[way][name] = Math.min(results[way][name] ?? Infinity, took);
    }
  }
}
if (results["native JSPI"] !== undefined) {
  const { "native JSPI": engine, polyfill } = results;
  results["polyfill / native"] = Object.fromEntries(Object.keys(polyfill).map((key) => [key, Number((polyfill[key] / engine[key]).toFixed(2))]));
}
console.log(`node ${process.versions.node}, ns of CPU`);
console.table(results);
if (process.argv[2] === "--json") console.log(JSON.stringify(results));
