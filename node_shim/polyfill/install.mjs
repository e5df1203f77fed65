// The polyfill proper: what glue written for JSPI looks for, put where it looks.

import { nativeApi, patch, wrappers } from "../wasm/api.mjs";
import { createSwitching } from "./core.mjs";
import { hasNativeJspi } from "./values.mjs";

/**
 * Install `Suspending`, `promising` and `SuspendError`, which drive Asyncify builds, unless the engine has its own.
 *
 * @param {object} [options]
 * @param {boolean} [options.force] install them all the same
 * @param {typeof WebAssembly} [options.target]
 * @param {number} [options.stackBytes] room for one saved stack
 * @param {number} [options.cStackBytes] the C stack of a call that begins while others wait
 * @param {boolean} [options.growMemory] add pages to the memory of a guest without `malloc`
 * @param {boolean} [options.suspendAlways] suspend a call even where the import returned no promise, as the specification says
 *   (default); false: such an import returns at once
 * @param {boolean | import("./instrument.mjs").InstrumentOptions} [options.instrument] instrument modules that are no Asyncify builds
 *   and have imports that wait, as they are instantiated: on Node, with npm's `binaryen`
 * @returns a function that takes all of it back; null: nothing was done
 */
export function install({ force = false, target = globalThis.WebAssembly, ...options } = {}) {
  if (!force && hasNativeJspi(target)) return null;
  const SuspendError = typeof target.SuspendError === "function" ? target.SuspendError : undefined;
  const native = { ...nativeApi(target), SuspendError };
  const switching = createSwitching({ native, ...options });
  const { Suspending, promising } = switching;
  return patch(target, { ...wrappers(native, switching), Suspending, promising, SuspendError: switching.SuspendError });
}
