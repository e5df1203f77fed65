// What the polyfill reads in a module's bytes, since the JavaScript API does not give it: types of functions, exports that
// are imports, and whether pages can be added to the memory.

import { usesMemorySize } from "../wasm/instructions.mjs";
import { KIND, SECTION, sectionsOf } from "../wasm/read.mjs";
import { MALLOC } from "./instance-memory.mjs";

/** @typedef {import("../wasm/read.mjs").FunctionType} FunctionType */
/** @typedef {import("../wasm/read.mjs").Reader} Reader */
/** @typedef {FunctionType | null | undefined} MaybeType null, undefined: it is not known */

const ASYNCIFY_START = "asyncify_start_unwind";
const RESIZES = /resize_heap|memory_growth|sbrk/;

export class ModuleTypes {
  /** @type {Map<string, FunctionType | null>} of imports, by `module\0name`; null: it is imported by two types */
  imports = new Map();

  /** @type {Map<string, string>} the imports that are exported again, `module\0name` by the export's name */
  reexported = new Map();

  /** @type {Map<string, number>} the indexes of exported functions, by name */
  exported = new Map();

  /** @type {Uint8Array | undefined} the bytes, if the module may be instrumented */
  source = undefined;

  /** Whether the guest takes added pages for its own, as `sbrk` does. */
  managesMemory = true;

  /** @type {(FunctionType | null)[]} */
  #types = [];

  /** @type {number[]} the number of each function's type */
  #functions = [];

  /** @type {string[]} the imported functions' keys */
  #imported = [];

  /** @param {number} index of a function */
  typeOf(index) {
    return this.#types[this.#functions[index]];
  }

  /** @param {number} id @param {Reader} inside */
  read(id, inside) {
    if (id === SECTION.TYPE) this.#types = inside.types();
    else if (id === SECTION.IMPORT) for (const each of inside.vector(() => inside.import())) this.#import(each);
    else if (id === SECTION.FUNCTION) for (const type of inside.vector(() => inside.number())) this.#functions.push(type);
    else if (id === SECTION.EXPORT) {
      for (const each of inside.vector(() => ({ name: inside.text(), kind: inside.byte(), index: inside.number() }))) this.#export(each);
    } else if (id === SECTION.CODE) this.managesMemory = this.#needsScan && usesMemorySize(inside);
  }

  /** Whether it can matter: only builds that have a data block, and no `malloc` to get it from. */
  get #needsScan() {
    return this.exported.has(ASYNCIFY_START) && !MALLOC.some((name) => this.exported.has(name));
  }

  /** Whether there is nothing more to read. */
  get isComplete() {
    return !this.#needsScan || this.#imported.some((key) => RESIZES.test(key));
  }

  /** @param {import("../wasm/read.mjs").ImportEntry} entry */
  #import({ module, name, kind, type: number }) {
    if (kind !== KIND.FUNCTION || number === null) return;
    const key = `${module}\0${name}`;
    const type = this.#types[number];
    const known = this.imports.get(key);
    this.#imported.push(key);
    this.#functions.push(number);
    this.imports.set(key, known === undefined || String(known?.results) === String(type?.results) ? type : null);
  }

  /** @param {{name: string, kind: number, index: number}} entry */
  #export({ name, kind, index }) {
    if (kind !== KIND.FUNCTION) return;
    this.exported.set(name, index);
    if (index < this.#imported.length) this.reexported.set(name, this.#imported[index]);
  }
}

/**
 * @param {Uint8Array} bytes
 * @returns {ModuleTypes} of what cannot be read, what could be read before: the engine says what is wrong with the module
 */
export function moduleTypes(bytes) {
  const found = new ModuleTypes();
  try {
    for (const { id, inside } of sectionsOf(bytes)) {
      if (id === SECTION.CODE && found.isComplete) break;
      found.read(id, inside);
      if (id === SECTION.CODE) break;
    }
  } catch {
    // see above
  }
  return found;
}

/** @type {Record<string, unknown>} */
const DUMMIES = { i32: 0, f32: 0, f64: 0, i64: 0n, funcref: null, ref: null };

/**
 * What an import returns into a stack that unwinds, where nobody looks at it: but it has to be of the right type.
 *
 * @param {MaybeType} [type]
 */
export function dummyResult(type) {
  // `false` becomes 0 and 0n, and is an externref; there is nothing like it for a funcref, nor for several results.
  if (type === undefined || type === null) return false;
  const values = type.results.map((each) => DUMMIES[each]);
  return values.length > 1 ? values : values[0];
}
