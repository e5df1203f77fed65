// Functions around imports that suspend and around functions that are promising.

import { localGet } from "./encode.mjs";
import { WasmFormatError } from "./errors.mjs";
import { sorted } from "./patterns.mjs";
import { adapter, linked, mistake, said } from "./specification.mjs";

/** @typedef {import("./additions.mjs").Additions} Additions */

const replacing = new TextDecoder("utf-8", { ignoreBOM: true });

/** @type {[string, string]} */
const UNLESS_RUNNING = ["$enter_if_idle", "$leave_if_entered"];

export class Wrappers {
  /** @type {Map<number, number>} */ #promised = new Map();

  /**
   * @param {Additions} additions
   * @param {Record<string, number>} regions the functions of regions.wat, by name
   * @param {string} address
   * @param {boolean} newExceptions
   * @param {boolean} linked other modules may call exports, in the middle of a call
   */
  constructor(additions, regions, address, newExceptions, linked) {
    this.additions = additions;
    this.regions = regions;
    this.address = address;
    this.newExceptions = newExceptions;
    this.linked = linked;
  }

  /** Wrap imports that may suspend, wherever they are called or referred to. @param {string[]} names @returns their full names */
  wrapImports(names) {
    const { additions } = this;
    const imports = additions.module.functionImports;
    const known = new Set(imports.map((each) => each.fullName));
    const missing = new Set(names.filter((each) => !known.has(each)));
    if (missing.size > 0) throw mistake("imports", { names: sorted(missing).join(", ") });
    const wanted = new Set(names);
    const chosen = imports.filter((each) => wanted.has(each.fullName));
    for (const each of chosen) {
      const wrapper = this.#wrap("suspend", each.fullName, each.index, "$before", "$after");
      additions.calls.set(each.index, wrapper);
      additions.references.set(each.index, wrapper);
    }
    return [...new Set(chosen.map((each) => each.fullName))];
  }

  /** Wrap exports that are promising. @param {string[]} names @returns their names */
  wrapExports(names) {
    const functions = this.additions.module.functionExports;
    const known = new Set(functions.map((each) => each.name));
    const missing = new Set(names.filter((each) => !known.has(each)));
    if (missing.size > 0) throw mistake("exports", { names: sorted(missing).join(", ") });
    const chosen = functions.filter((each) => names.includes(each.name));
    for (const { name, index } of chosen) this.additions.exports.set(name, this.#promising(name, index));
    return chosen.map((each) => each.name);
  }

  /** Wrap functions that JavaScript takes from a table and makes promising. @param {string[]} names each a name or a decimal index */
  wrapTable(names) {
    const { module } = this.additions;
    const byName = names.length > 0 ? this.#definedByName() : new Map();
    for (const each of names) {
      const index = byName.get(each) ?? (/^[0-9]{1,9}$/.test(each) ? Number(each) : -1);
      if (index < module.importedFunctions || index >= module.functionCount) throw mistake("function", { name: each });
      this.additions.references.set(index, this.#wrap("table", each, index, ...UNLESS_RUNNING));
    }
    return names;
  }

  /** @returns {Map<string, number>} */
  #definedByName() {
    const { module } = this.additions;
    /** @type {Map<number, Uint8Array>} */
    let names = new Map();
    try {
      names = module.functionNames;
    } catch (error) {
      if (!(error instanceof WasmFormatError)) throw error;
    }
    const found = new Map();
    for (let index = module.importedFunctions; index < module.functionCount; index++) {
      const raw = names.get(index);
      found.set(raw?.length ? replacing.decode(raw) : `func[${index}]`, index);
    }
    return found;
  }

  /** The wrapper of a function, the same under all its names. References to the function stay. @param {string} name @param {number} index */
  #promising(name, index) {
    const { calls, references } = this.additions;
    let wrapper = this.#promised.get(index);
    if (wrapper === undefined) {
      const [first, last] = this.linked ? UNLESS_RUNNING : ["$enter", "$leave"];
      wrapper = this.#wrap("promise", name, calls.get(index) ?? index, first, last);
      this.#promised.set(index, wrapper);
      if (!references.has(index)) references.set(index, index);
    }
    return wrapper;
  }

  /**
   * @param {string} title
   * @param {string} name
   * @param {number} real
   * @param {string} first
   * @param {string} last
   */
  #wrap(title, name, real, first, last) {
    const { additions, regions } = this;
    const type = additions.typeOf(real);
    const { params, results } = /** @type {import("./types.mjs").FunctionType} */ (additions.module.types[type]);
    const region = params.length;
    const indexes = { $first: regions[first], $last: regions[last], $real: real, $region: region };
    const parts = { results: additions.blockType(results), arguments: params.flatMap((_, at) => localGet(at)) };
    const code = linked(adapter.codes[this.newExceptions ? "wrapper.try_table" : "wrapper.try"], { indexes, parts });
    return additions.addFunction(said("titles", title, { name }), type, code, [this.address]);
  }
}
