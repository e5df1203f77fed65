// Does this engine, with the flags it was started with, switch stacks for real: by JSPI, or (argument `asyncify`)
// by Asyncify, through the polyfill? Prints one line of JSON.
//
// A presence test would not do: some versions have the API and lose the stack, or crash, once the code is hot.

import { ROUND_TRIP_ASYNCIFIED } from "../detect/asyncified.mjs";
import { engineFeatures } from "../detect/features.mjs";
import { AT_ONCE, ROUNDS, roundTrips } from "../detect/roundtrip.mjs";
import { bytesOf } from "../detect/run.mjs";
import { createSwitching } from "../polyfill/core.mjs";
import { hasNativeJspi } from "../polyfill/values.mjs";
import { fromHex } from "../wasm/hex.mjs";

/** The polyfill with the names of the engine's own API. */
function polyfilled() {
  const { Suspending, promising, instantiate, remember, read } = createSwitching();
  const Module = new Proxy(WebAssembly.Module, { construct: (target, [bytes]) => remember(new target(bytes), read(bytes)) });
  const Instance = new Proxy(WebAssembly.Instance, { construct: (_, [module, imports]) => instantiate(module, imports) });
  return { Module, Instance, Suspending, promising };
}

/** @returns why it does not switch stacks; empty: it does */
async function problem() {
  if (globalThis.process?.argv[2] === "asyncify") return await tryRoundTrips(polyfilled(), fromHex(ROUND_TRIP_ASYNCIFIED));
  if (hasNativeJspi()) return await tryRoundTrips(WebAssembly, bytesOf("round-trip"));
  const old = typeof WebAssembly.Function === "function" || typeof WebAssembly.Suspender === "function";
  return `no WebAssembly.Suspending${old ? " (only the API before it)" : ""}`;
}

/** @type {(api: object, bytes: Uint8Array) => Promise<string>} */
async function tryRoundTrips(api, bytes) {
  const { shown, why = "" } = await roundTrips({ WebAssembly: api, setTimeout }, "promising", bytes, ROUNDS, AT_ONCE);
  return shown === "yes" ? "" : why;
}

const reason = await problem();
const version = globalThis.Deno?.version.deno ?? globalThis.Bun?.version ?? process.versions.node;
// The program itself: what was started may be a shim that looks for it and starts it.
const program = globalThis.process?.execPath ?? "";
console.log(JSON.stringify({ version, program, works: reason === "", reason, features: reason === "" ? engineFeatures() : [] }));
