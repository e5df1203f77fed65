// A JSPI build in which promising calls may overlap: each has a C stack of its own. It takes a module's bytes and gives others.
//
// docs/reentrant.md says what it does; the command `stackswitch reentrant` makes the same bytes.

import { Boundaries } from "./reentrant/boundaries.mjs";
import { ConfigError } from "./reentrant/errors.mjs";
import { Module } from "./reentrant/module.mjs";
import { fullName } from "./reentrant/patterns.mjs";
import { adapter, refusal } from "./reentrant/specification.mjs";
import { transform } from "./reentrant/transform.mjs";

export { ConfigError, ModuleRefusedError, WasmFormatError } from "./reentrant/errors.mjs";

const { sizes } = adapter;

/**
 * @typedef {object} ReentrantOptions
 * @property {string[]} [suspend] the imports that may suspend: `module.name`, or `name` of `env`; `*` for any characters
 * @property {string[]} [promise] the exports that are called through `WebAssembly.promising`; `*` for any characters. Default:
 *   all from which an import that suspends can be reached
 * @property {string} [glue] the text of Emscripten's glue of this build, which says what suspends and what is promising
 * @property {string} [glueName] what messages call the glue
 * @property {boolean} [allImports] any import may suspend, but for those that never do
 * @property {string[]} [never] with `allImports`: more imports that never suspend; `*` for any characters
 * @property {string[]} [promiseTable] functions that JavaScript takes from the table and makes promising: names or decimal indexes
 * @property {number} [region] the C stack of a call, in bytes (default: 65536)
 * @property {string} [malloc] the module's allocator, if it has another name
 * @property {boolean} [mainModule] a main module of dynamic linking; its side modules that wait or begin calls are made with `sideOf`
 * @property {ArrayBuffer | ArrayBufferView} [sideOf] a side module of dynamic linking: its main module, which was made with `mainModule`
 * @property {boolean} [invokes] replace Emscripten's `invoke_*` (C++ exceptions, longjmp), so that calls below them may wait
 * @property {boolean} [debugInfo] keep what debuggers read (default: true); else it is dropped where code moves
 * @property {boolean} [exnref] catch exceptions as standardised (`try_table`); default: as the module does
 *
 * @typedef {import("./reentrant/transform.mjs").Reentrant & {sources: string[]}} ReentrantResult `sources`: what named how many imports and
 *   exports
 */

/** The options. An unknown one is refused: it may be of a later version, and the module would lack what it asks for. */
const OPTIONS = [
  "suspend", "promise", "glue", "glueName", "allImports", "never", "promiseTable", "region", "malloc", "mainModule", "invokes", "exnref",
  "debugInfo", "sideOf",
];

/**
 * Make a linked JSPI build re-entrant.
 *
 * @param {ArrayBuffer | ArrayBufferView} bytes the module
 * @param {ReentrantOptions} options where its calls begin and wait; they add up
 * @returns {ReentrantResult} throws a ModuleRefusedError (its `reason` and message are those of the command), a ConfigError or a
 *   WasmFormatError
 */
export function makeReentrant(bytes, options) {
  const unknown = Object.keys(options).find((each) => !OPTIONS.includes(each));
  if (unknown !== undefined) throw new ConfigError(`not in the npm package yet: ${unknown}`);
  const module = new Module(asBytes(bytes));
  const sideOf = options.sideOf === undefined ? undefined : new Module(asBytes(options.sideOf));
  const found = boundaries(module, sideOf, options);
  const { region = sizes.region, malloc, promiseTable, mainModule, invokes, exnref, debugInfo } = options;
  if (!Number.isInteger(region) || region < sizes.region_least || region > sizes.region_most) {
    throw new ConfigError(`region is ${region}: a call's C stack has ${sizes.region_least} to ${sizes.region_most} bytes`);
  }
  const made = transform({
    module,
    suspend: [...found.suspend, ...found.addresses],
    promise: [...found.promise],
    promiseTable,
    region: Math.ceil(region / sizes.region_multiple) * sizes.region_multiple,
    malloc,
    mainModule,
    sideOf,
    invokes,
    importNames: found.importNames,
    debugInfo,
    newExceptions: exnref ? true : undefined,
  });
  if (sideOf === undefined) refuseLeftOut(options.suspend ?? [], found.suspend, [...made.suspend, ...made.invokes]);
  return { ...made, sources: found.sources };
}

/** Imports that are named, and not only match, have to be wrapped. @param {string[]} named @param {Set<string>} suspend @param {string[]} wrapped */
function refuseLeftOut(named, suspend, wrapped) {
  const missing = [...new Set(named.map(fullName))].filter((each) => suspend.has(each) && !wrapped.includes(each)).sort();
  if (missing.length > 0) throw refusal("allocator", { names: missing.join(", ") });
}

/**
 * @param {Module} module
 * @param {Module | undefined} main
 * @param {ReentrantOptions} options
 */
function boundaries(module, main, { glue, glueName = "the glue", suspend = [], promise = [], allImports = false, never = [], mainModule = false }) {
  const found = new Boundaries(module, main?.functionExports.map((each) => each.name));
  if (glue !== undefined) found.addGlue(glue, glueName);
  found.addPatterns(suspend, promise);
  if (never.length > 0 && !allImports) throw new ConfigError("never needs allImports");
  if (allImports) found.addEveryImport(never);
  if (found.suspend.size === 0 && !((mainModule || main !== undefined) && found.sources.length > 0)) {
    const said = found.sources.join("; ");
    throw new ConfigError(
      said
        ? `none of them names an import of this module that may suspend (${said})`
        : "say which imports may suspend: glue, suspend or allImports",
    );
  }
  found.complete();
  return found;
}

/** @param {unknown} source */
function asBytes(source) {
  if (source instanceof ArrayBuffer || (typeof SharedArrayBuffer === "function" && source instanceof SharedArrayBuffer)) return new Uint8Array(source);
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  throw new TypeError("the module's bytes are an ArrayBuffer or a view of one");
}
