// JSPI, the API before the standard (WebAssembly.Function, Suspender): 10,000 round trips until hot
// try v8: --experimental-wasm-stack-switching --experimental-wasm-type-reflection
// try v8: --experimental-wasm-stack-switching --experimental-wasm-type-reflection --no-turbo-inline-js-wasm-calls
// try v8: --experimental-wasm-stack-switching --experimental-wasm-type-reflection --no-opt

import { AT_ONCE, ROUNDS, roundTrips } from "../detect/roundtrip.mjs";

/** @param {import("../detect/run.mjs").ProbeTools} tools */
export default async function probe({ bytesOf }) {
  if (typeof WebAssembly.Function !== "function") return { shown: "no", why: "no WebAssembly.Function" };
  const suspender =
    typeof WebAssembly.Suspender === "function" && WebAssembly.Suspender.prototype.returnPromiseOnSuspend !== undefined;
  const api = suspender ? "suspender" : "first";
  const bytes = bytesOf(suspender ? "round-trip-externref" : "round-trip-suspender");
  const facts = { api: suspender ? "Suspender" : "WebAssembly.Function" };
  return { ...(await roundTrips(globalThis, api, bytes, ROUNDS, AT_ONCE)), facts };
}
