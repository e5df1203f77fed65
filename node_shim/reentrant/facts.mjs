// What a module must have to be made re-entrant, and what must not be in it.

import { refusePages } from "./added-pages.mjs";
import { WasmFormatError } from "./errors.mjs";
import { refuseLinking, refuseObjects } from "./linking.mjs";
import { refuseOtherSchemes } from "./other-schemes.mjs";
import { findPointer, setters } from "./pointer.mjs";
import { adapter, mistake, refusal } from "./specification.mjs";

/** @typedef {import("./module.mjs").Module} Module */

/** @type {(raw: Uint8Array) => string} a text for bytes, whatever they are */
const bytesAsText = (raw) => {
  let text = "";
  for (const byte of raw) text += String.fromCharCode(byte);
  return text;
};
const encoder = new TextEncoder();

export class Facts {
  /** @type {Map<string, number> | undefined} */ #byName;

  /**
   * @param {Module} module
   * @param {{malloc?: string, mainModule?: boolean, forHost?: boolean}} options
   */
  constructor(module, { malloc, mainModule = false, forHost = false }) {
    this.module = module;
    refuseOtherSchemes(module);
    /** Whether side modules share the C stack. */
    this.linked = mainModule && !forHost;
    refuseLinking(module, mainModule, this.linked);
    refuseObjects(module);
    this.address = addressType(module);
    this.pointer = findPointer(module, this.address, this.linked);
    if (this.linked && setters(module, this.pointer.index).next().done) throw refusal("dynamic-linking:main");
    this.functions = this.#findFunctions(malloc, forHost);
    /** Whether other instances share the memory. */
    this.threads = module.memories[0].shared;
    /** The exports by which glue says where a thread's stack is. */
    this.limitsExports = module.functionExports.filter(({ index }) => index === this.functions.set_limits).map(({ name }) => name);
    if (this.threads) this.#checkThreads(forHost);
  }

  /** Check that the stack of each thread is known. @param {boolean} forHost */
  #checkThreads(forHost) {
    if (forHost) throw refusal("threads:host");
    if (this.limitsExports.length === 0) throw refusal("threads");
    const hasBounds = this.functions.get_base !== undefined && this.functions.get_end !== undefined;
    if (this.module.exports.has(adapter.names.wasm_worker) && !hasBounds) throw refusal("threads:workers");
  }

  /**
   * The function of a type that is exported under one of the names, or else is named so.
   *
   * @param {string[]} wanted
   * @param {string[]} params
   * @param {string[]} results
   * @returns {number | undefined}
   */
  find(wanted, params, results) {
    const type = { params, results };
    const fits = (/** @type {number | undefined} */ index) =>
      index !== undefined && index >= this.module.importedFunctions && this.module.hasType(index, type);
    for (const name of wanted) {
      const exported = this.module.exports.get(name);
      if (exported?.kind === "func" && fits(exported.index)) return exported.index;
    }
    for (const name of wanted) {
      const index = this.#named(name);
      if (fits(index)) return index;
    }
    return undefined;
  }

  /** @param {string} name */
  #named(name) {
    if (this.#byName === undefined) {
      this.#byName = new Map();
      try {
        for (const [index, raw] of this.module.functionNames) this.#byName.set(bytesAsText(raw), index);
      } catch (error) {
        if (!(error instanceof WasmFormatError)) throw error;
      }
    }
    return this.#byName.get(bytesAsText(encoder.encode(name)));
  }

  /** @param {string | undefined} malloc @param {boolean} forHost @returns {Record<string, number | undefined>} */
  #findFunctions(malloc, forHost) {
    const found = this.#known("malloc", malloc);
    if (found === undefined && malloc !== undefined) throw mistake("malloc", { name: malloc });
    if (found === undefined && forHost) refusePages(this.module);
    else if (found === undefined) throw refusal("no-malloc");
    const others = Object.keys(adapter.functions).filter((key) => key !== "malloc");
    return { malloc: found, ...Object.fromEntries(others.map((key) => [key, this.#known(key)])) };
  }

  /** @param {string} key of the specification @param {string} [name] its name, if it has another one */
  #known(key, name) {
    const [known, params, results] = adapter.functions[key];
    const types = (/** @type {string[]} */ side) => side.map((each) => (each === "addr" ? this.address : each));
    return this.find(name ? [name] : known, types(params), types(results));
  }
}

/** @param {Module} module */
function addressType(module) {
  const count = module.memories.length;
  if (count !== 1) throw refusal("memories", { count });
  return module.memories[0].is64 ? "i64" : "i32";
}
