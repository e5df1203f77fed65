// Does this engine, with the flags it was started with, switch stacks for real: by JSPI, or (argument `asyncify`)
// by Asyncify, through the polyfill? Prints one line of JSON.
//
// A presence test would not do: some versions have the API and lose the stack, or crash, once the code is hot
//. So: thousands of round trips through a hot loop, then many calls suspended at once.

import { engineFeatures, fromHex, ROUND_TRIP, ROUND_TRIP_ASYNCIFIED } from "../detect/features.mjs";
import { createSwitching } from "../polyfill/core.mjs";

const ROUND_TRIPS = 10_000;
const AT_ONCE = 100;
const WORK = 300;

/** Calls after work enough to have the engine compile this function for speed, with the call inlined into it. */
function hotCall(run, value) {
  let work = value;
  for (let i = 0; i < WORK; i++) work = (Math.imul(work, 31) + i) | 0;
  return work === 0.5 ? undefined : run(value);
}

function noJspi() {
  if (typeof WebAssembly.Suspending !== "function" || typeof WebAssembly.promising !== "function") {
    const old = typeof WebAssembly.Function === "function" || typeof WebAssembly.Suspender === "function";
    return `no WebAssembly.Suspending${old ? " (only the API before it)" : ""}`;
  }
  return "";
}

const nativeJspi = {
  bytes: ROUND_TRIP,
  get Suspending() {
    return WebAssembly.Suspending;
  },
  promising: (exported) => WebAssembly.promising(exported),
  instantiate: (module, imports) => new WebAssembly.Instance(module, imports),
};

async function suspends({ bytes, Suspending, promising, instantiate }) {
  const module = new WebAssembly.Module(fromHex(bytes));
  const wait = new Suspending(async (value) => value);
  const run = promising(instantiate(module, { env: { wait } }).exports.run);
  for (let i = 0; i < ROUND_TRIPS; i++) {
    const got = await hotCall(run, i);
    const expected = (i & 1 ? i - 1 : i + 1) + i + 1;
    if (got !== expected) return `round trip ${i} gave ${got} instead of ${expected}`;
  }
  const later = new Suspending((value) => new Promise((resolve) => setTimeout(resolve, 0, value)));
  const pending = promising(instantiate(module, { env: { wait: later } }).exports.run);
  const values = await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => pending(2 * i)));
  const wrong = values.findIndex((value, i) => value !== 4 * i + 2);
  return wrong < 0 ? "" : `of calls suspended at once, number ${wrong} gave ${values[wrong]}`;
}

let reason;
try {
  const asyncify = globalThis.process?.argv[2] === "asyncify";
  const why = asyncify ? "" : noJspi();
  reason = why || (await suspends(asyncify ? { ...createSwitching(), bytes: ROUND_TRIP_ASYNCIFIED } : nativeJspi));
} catch (error) {
  reason = `a suspension failed: ${error}`;
}
const version = globalThis.Deno?.version.deno ?? globalThis.Bun?.version ?? process.versions.node;
// The program itself: what was started may be a shim that looks for it and starts it.
const program = globalThis.process?.execPath ?? "";
console.log(JSON.stringify({ version, program, works: reason === "", reason, features: reason === "" ? engineFeatures() : [] }));
