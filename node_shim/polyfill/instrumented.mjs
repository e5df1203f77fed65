// The builds of modules that were instrumented as they were instantiated: one for each module and list of imports.

import { moduleTypes } from "./types.mjs";

/** @typedef {{module: WebAssembly.Module, types: import("./types.mjs").ModuleTypes}} Build */

export class Instrumented {
  #instrument;
  #Module;
  /** @type {WeakMap<WebAssembly.Module, Map<string, Build>>} */
  #builds = new WeakMap();

  /**
   * @param {import("./instrument.mjs").Instrument} instrument
   * @param {typeof WebAssembly.Module} Module
   */
  constructor(instrument, Module) {
    this.#instrument = instrument;
    this.#Module = Module;
  }

  /**
   * @param {WebAssembly.Module} module
   * @param {Uint8Array | undefined} source undefined: its bytes are not known
   * @param {string[]} waits the imports that may wait, `module\0name`
   * @param {boolean} sharesState whether it takes the state of the module whose memory it imports
   * @returns {Build | undefined} undefined: it cannot be made
   */
  get(module, source, waits, sharesState) {
    if (source === undefined) return undefined;
    const builds = this.#builds.get(module) ?? new Map();
    this.#builds.set(module, builds);
    const imports = waits.map((key) => key.replace("\0", ".")).sort();
    const globals = sharesState ? "import" : "export";
    const key = [globals, ...imports].join("\n");
    if (!builds.has(key)) {
      const bytes = this.#instrument(source, { imports, globals });
      builds.set(key, { module: new this.#Module(bytes), types: moduleTypes(bytes) });
    }
    return builds.get(key);
  }
}
