// Overlaps calls of a JSPI module, and compares each with the same call alone. `node overlap.mjs MODULE`; standard input is
// JSON: {imports: see stubs.mjs, suspending: ["module.name"], calls: [{name, values}], count, seed}. Prints one line of
// JSON: {calls, wrong, waits, errors: {message: how many}}.
//
// Imports that suspend wait for some turns of the event loop and return their first number; all others return zeros.

import { readFileSync } from "node:fs";

import { stubs, zero } from "../wasm/stubs.mjs";

const DEADLINE_MS = 20_000;
const plan = JSON.parse(readFileSync(0, "utf8"));
const module = new WebAssembly.Module(readFileSync(process.argv[2]));
let state = plan.seed >>> 0;
let waits = 0;

/** @param {number} limit */
function random(limit) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state >>> 8) % limit;
}

/** @returns {Promise<void>} */
const nap = () => new Promise((resolve) => (random(3) ? setImmediate(resolve) : setTimeout(resolve, random(4))));

/** @param {string[]} results */
function waiting(results) {
  return new WebAssembly.Suspending(async (/** @type {any[]} */ ...values) => {
    waits++;
    await nap();
    if (results.length !== 1) return results.length ? results.map(zero) : undefined;
    return values.find((each) => typeof each === typeof zero(results[0])) ?? zero(results[0]);
  });
}

function instantiate() {
  const imports = stubs(plan.imports);
  for (const each of plan.imports)
    if (plan.suspending.includes(`${each.module}.${each.name}`) && each.kind === "func")
      imports[each.module][each.name] = waiting(each.type.results);
  const exports = /** @type {Record<string, any>} */ (new WebAssembly.Instance(module, imports).exports);
  (exports.__wasm_call_ctors ?? exports._initialize)?.();
  return exports;
}

/** @param {Record<string, any>} exports @param {{name: string, values: (number | {i64: string})[]}} call */
const begin = (exports, { name, values }) =>
  WebAssembly.promising(exports[name])(...values.map((each) => (typeof each === "number" ? each : BigInt(each.i64))));

/** @param {Promise<any>} promise @returns {Promise<string>} */
const ending = (promise) =>
  promise.then(
    (value) => `returned ${value}`,
    (error) => `${error?.name}: ${error?.message}`,
  );

const alone = [];
for (const call of plan.calls) alone.push(await ending(begin(instantiate(), call)));
const exports = instantiate();
waits = 0;
const late = new Promise((resolve) => setTimeout(resolve, DEADLINE_MS, "no end").unref());
const found = [];
for (let i = 0; i < plan.count; i++) {
  const at = i % plan.calls.length;
  const right = alone[at];
  found.push(Promise.race([ending(begin(exports, plan.calls[at])), late]).then((how) => (how === right ? "" : how)));
  if (random(2)) await nap();
}
const wrong = (await Promise.all(found)).filter(Boolean);
/** @type {Record<string, number>} */
const errors = {};
for (const how of wrong) {
  const text = how.startsWith("returned") ? "another value" : how.slice(0, 200);
  errors[text] = (errors[text] ?? 0) + 1;
}
console.log(JSON.stringify({ calls: plan.count, wrong: wrong.length, waits, errors }));
process.exit();
