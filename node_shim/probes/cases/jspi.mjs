// Can this engine run cases by JSPI? And which features can these have?
// The presence of the API proves nothing: some versions have it and lose the stack, or crash, once the code is hot.

import { withFeatures } from "../../detect/features.mjs";
import { AT_ONCE, ROUNDS, roundTrips } from "../../detect/roundtrip.mjs";
import { hasNativeJspi } from "../../polyfill/values.mjs";

/** @param {import("../../detect/run.mjs").ProbeTools} tools */
export default async function probe({ bytesOf }) {
  if (hasNativeJspi()) return withFeatures(await roundTrips(globalThis, "promising", bytesOf("round-trip"), ROUNDS, AT_ONCE));
  const old = typeof WebAssembly.Function === "function" || typeof WebAssembly.Suspender === "function";
  return { shown: "no", why: `no WebAssembly.Suspending${old ? " (only the API before it)" : ""}` };
}
