// Makes modules re-entrant as they are instantiated with imports that suspend. The JSPI build is the only file, and the glue stays as it is.

import { nativeApi, patch, wrappers } from "../wasm/api.mjs";
import { buildCache } from "../wasm/build-cache.mjs";
import { makeReentrant } from "../reentrant.mjs";
import { ConfigError, ModuleRefusedError, WasmFormatError } from "./errors.mjs";
import { adapter } from "./specification.mjs";

/**
 * @typedef {Omit<import("../reentrant.mjs").ReentrantOptions, "suspend" | "allImports" | "never"> & HookOptions} InstallOptions
 *
 * @typedef {object} HookOptions
 * @property {string | null} [cache] the folder for what was made (default: one in the user's cache, on Node 20.16 and later; null: none)
 * @property {"warn" | "throw" | "ignore"} [refused] what to do about a module that is refused: it is used as it is, with a warning (default) or
 *   without one, or instantiating it fails
 * @property {typeof WebAssembly} [target]
 */

const REFUSALS = [ModuleRefusedError, ConfigError, WasmFormatError];
/** Another one if the same specification makes other modules. */
const FORMAT = 1;

/**
 * Patch `WebAssembly`, so that calls of modules made from now on may overlap. The imports that may suspend are those that are `Suspending`
 * objects; the promising exports are `promise`, or all from which such an import can be reached.
 *
 * @param {InstallOptions} [options]
 * @returns {(() => void) | null} what takes it back; null: the engine has no JSPI
 */
export function installReentrant({ cache, refused = "warn", target = globalThis.WebAssembly, ...options } = {}) {
  if (typeof target.Suspending !== "function" || typeof target.promising !== "function") return null;
  const native = nativeApi(target);
  /** @type {WeakMap<WebAssembly.Module, Uint8Array>} */
  const sources = new WeakMap();
  /** @type {WeakMap<WebAssembly.Module, Map<string, WebAssembly.Module>>} */
  const builds = new WeakMap();
  const cached = buildCache(cache, "reentrant");

  /** @type {(module: WebAssembly.Module, suspend: string[]) => WebAssembly.Module} */
  function build(module, suspend) {
    const bytes = sources.get(module);
    if (bytes === undefined) return orRefused(new ConfigError("the bytes of a module are not known: it comes from another thread, or is older than the hook"), module);
    try {
      const request = { ...options, suspend };
      return new native.Module(cached(bytes, { format: FORMAT, specification: adapter, ...request }, () => makeReentrant(bytes, request).wasm));
    } catch (error) {
      if (REFUSALS.some((kind) => error instanceof kind)) return orRefused(error, module);
      throw error;
    }
  }

  /** @type {(error: Error, module: WebAssembly.Module) => WebAssembly.Module} */
  function orRefused(error, module) {
    if (refused === "throw") throw error;
    if (refused === "warn") warn(`a module is not made re-entrant, so calls that overlap share its C stack: ${error.message}`);
    return module;
  }

  /** @type {import("../wasm/api.mjs").Steps<Uint8Array | undefined>} */
  const steps = {
    read: copyOf,
    remember(module, bytes) {
      if (bytes !== undefined) sources.set(module, bytes);
      return module;
    },
    join(module, imports) {
      const suspend = suspending(native.Module.imports(module), imports, target.Suspending);
      let made = module;
      if (suspend.length > 0) {
        const known = builds.get(module) ?? new Map();
        builds.set(module, known);
        const key = suspend.join("\n");
        if (!known.has(key)) known.set(key, build(module, suspend));
        made = known.get(key);
      }
      return { module: made, imports, connect: () => {} };
    },
  };
  return patch(target, wrappers(native, steps));
}

/** @param {any} source @returns {Uint8Array | undefined} a copy: the caller may change the bytes */
function copyOf(source) {
  if (source instanceof ArrayBuffer) return new Uint8Array(source.slice(0));
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice();
  return undefined; // the engine says what is wrong
}

/**
 * The imports that are given as `Suspending` objects.
 *
 * @param {WebAssembly.ImportDescriptor[]} wanted
 * @param {any} imports
 * @param {Function} Suspending
 */
function suspending(wanted, imports, Suspending) {
  const found = wanted.filter(({ module, name, kind }) => kind === "function" && imports?.[module]?.[name] instanceof Suspending);
  return [...new Set(found.map(({ module, name }) => `${module}.${name}`))].sort();
}

/** @param {string} message */
function warn(message) {
  const { process } = globalThis;
  if (typeof process?.emitWarning === "function") process.emitWarning(message, "ReentrantWarning");
  else console.warn(message);
}
