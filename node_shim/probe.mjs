// Does this engine, with the flags it was started with, switch stacks for real? Prints one line of JSON.
//
// A presence test would not do: some versions have the API and lose the stack, or crash, once the code is hot
//. So: thousands of round trips through a hot loop, then many calls suspended at once.

import { engineFeatures, fromHex, ROUND_TRIP } from "./features.mjs";

const ROUND_TRIPS = 10_000;
const AT_ONCE = 100;
const WORK = 300;

/** Calls after work enough to have the engine compile this function for speed, with the call inlined into it. */
function hotCall(run, value) {
  let work = value;
  for (let i = 0; i < WORK; i++) work = (Math.imul(work, 31) + i) | 0;
  return work === 0.5 ? undefined : run(value);
}

async function suspends() {
  if (typeof WebAssembly.Suspending !== "function" || typeof WebAssembly.promising !== "function") {
    const old = typeof WebAssembly.Function === "function" || typeof WebAssembly.Suspender === "function";
    return `no WebAssembly.Suspending${old ? " (only the API before it)" : ""}`;
  }
  const module = new WebAssembly.Module(fromHex(ROUND_TRIP));
  const wait = new WebAssembly.Suspending(async (value) => value);
  const run = WebAssembly.promising(new WebAssembly.Instance(module, { env: { wait } }).exports.run);
  for (let i = 0; i < ROUND_TRIPS; i++) {
    const got = await hotCall(run, i);
    const expected = (i & 1 ? i - 1 : i + 1) + i + 1;
    if (got !== expected) return `round trip ${i} gave ${got} instead of ${expected}`;
  }
  const later = new WebAssembly.Suspending((value) => new Promise((resolve) => setTimeout(resolve, 0, value)));
  const pending = WebAssembly.promising(new WebAssembly.Instance(module, { env: { wait: later } }).exports.run);
  const values = await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => pending(2 * i)));
  const wrong = values.findIndex((value, i) => value !== 4 * i + 2);
  return wrong < 0 ? "" : `of calls suspended at once, number ${wrong} gave ${values[wrong]}`;
}

let reason;
try {
  reason = await suspends();
} catch (error) {
  reason = `a suspension failed: ${error}`;
}
const version = globalThis.Deno?.version.deno ?? globalThis.Bun?.version ?? process.versions.node;
// The program itself: what was started may be a shim that looks for it and starts it.
const program = globalThis.process?.execPath ?? "";
console.log(JSON.stringify({ version, program, works: reason === "", reason, features: reason === "" ? engineFeatures() : [] }));
