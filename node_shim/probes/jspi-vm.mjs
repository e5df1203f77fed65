// JSPI in a context of its own (node:vm)
// needs jspi

import { AT_ONCE, ROUNDS, roundTrips } from "../detect/roundtrip.mjs";

/** @param {import("../detect/run.mjs").ProbeTools} tools */
export default async function probe({ bytesOf }) {
  if (globalThis.process === undefined) return { shown: "no", why: "no node:vm, which makes contexts" };
  const vm = await import("node:vm");
  const context = vm.createContext({ setTimeout });
  const scope = vm.runInContext("globalThis", context);
  if (vm.runInContext("typeof WebAssembly", context) !== "object") return { shown: "no", why: "no WebAssembly in it" };
  if (vm.runInContext("typeof WebAssembly.Suspending", context) !== "function") {
    return { shown: "no", why: "no WebAssembly.Suspending in it" };
  }
  const inside = vm.runInContext(`(${roundTrips})`, context);
  return inside(scope, "promising", bytesOf("round-trip"), ROUNDS, AT_ONCE);
}
