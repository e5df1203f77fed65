// The WebAssembly features that this engine has: those whose probe works.

import { fromHex } from "../wasm/hex.mjs";
import { runModule } from "./run.mjs";

/** Names of features; each has a module of that name among the probes. */
export const FEATURES = [
  "exnref",
  "legacy-exceptions",
  "function-references",
  "gc",
  "memory64",
  "multi-memory",
  "multi-value",
  "reference-types",
  "simd",
  "tail-call",
  "threads",
];

/** (module (memory (export "m") i64 1)) */
const MEMORY64 = "0061736d010000000503010401070501016d0200";

/** try: call env.fail; catch the exported tag e and return its payload; else 0 (legacy exceptions). */
const HOST_EXCEPTION = "0061736d01000000010c036000006000017f60017f00020c0103656e76046661696c0000030201010d03010002070b02016504000372756e00010a0d010b00067f1000410007000b0b";

/**
 * @param {string} hex
 * @param {WebAssembly.Imports} [imports]
 */
const instantiate = (hex, imports) => new WebAssembly.Instance(new WebAssembly.Module(fromHex(hex)), imports).exports;

function hostExceptions() {
  /** @type {WebAssembly.Tag} */
  let tag;
  const fail = () => {
    throw new WebAssembly.Exception(tag, [7]);
  };
  const exports = instantiate(HOST_EXCEPTION, { env: { fail } });
  tag = exports.e;
  return exports.run() === 7;
}

/** Early engines took and gave numbers here, where the standard says BigInt. */
const memory64ByBigInt = () => instantiate(MEMORY64).m.grow(0n) === 1n;

/** @param {() => boolean} check */
function works(check) {
  try {
    return check();
  } catch {
    return false;
  }
}

/** The names of the features that this engine has. */
export function engineFeatures() {
  const found = FEATURES.filter((name) => runModule(name).shown === "yes" && (name !== "memory64" || works(memory64ByBigInt)));
  return works(hostExceptions) ? [...found, "host-exceptions"] : found;
}

/**
 * Add the features of this engine to the answer of a probe, if that works.
 *
 * @param {import("./run.mjs").Answer} answer
 * @returns {import("./run.mjs").Answer}
 */
export const withFeatures = (answer) => (answer.shown === "yes" ? { ...answer, facts: { features: engineFeatures() } } : answer);
