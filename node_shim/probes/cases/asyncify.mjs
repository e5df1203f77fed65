// Can this engine run cases by Asyncify, through the polyfill? And which features can these have?

import { ROUND_TRIP_ASYNCIFIED } from "../../detect/asyncified.mjs";
import { withFeatures } from "../../detect/features.mjs";
import { AT_ONCE, ROUNDS, roundTrips } from "../../detect/roundtrip.mjs";
import { createSwitching } from "../../polyfill/core.mjs";
import { fromHex } from "../../wasm/hex.mjs";

/** The polyfill with the names of the engine's own API. */
function polyfilled() {
  const { Suspending, promising, instantiate, remember, read } = createSwitching();
  const Module = new Proxy(WebAssembly.Module, { construct: (target, [bytes]) => remember(new target(bytes), read(bytes)) });
  const Instance = new Proxy(WebAssembly.Instance, { construct: (_, [module, imports]) => instantiate(module, imports) });
  return { Module, Instance, Suspending, promising };
}

export default async function probe() {
  const scope = { WebAssembly: polyfilled(), setTimeout };
  return withFeatures(await roundTrips(scope, "promising", fromHex(ROUND_TRIP_ASYNCIFIED), ROUNDS, AT_ONCE));
}
