// JSPI, the standard API (Suspending, promising): 10,000 round trips until hot, then 100 calls at once
// try v8: --experimental-wasm-jspi
// try v8: --experimental-wasm-jspi --no-turbo-inline-js-wasm-calls
// try jsc: --useJSPI=1
// try chromium: --experimental-wasm-jspi
// try firefox: javascript.options.wasm_js_promise_integration

import { AT_ONCE, ROUNDS, roundTrips } from "../detect/roundtrip.mjs";

/** @param {import("../detect/run.mjs").ProbeTools} tools */
export default async function probe({ bytesOf }) {
  if (typeof WebAssembly.Suspending !== "function" || typeof WebAssembly.promising !== "function") {
    return { shown: "no", why: "no WebAssembly.Suspending" };
  }
  return roundTrips(globalThis, "promising", bytesOf("round-trip"), ROUNDS, AT_ONCE);
}
