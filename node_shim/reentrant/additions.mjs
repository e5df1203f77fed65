// The functions, types and globals that are added to a module, while they are collected.

import { functionBody, functionType, signed, valueType } from "./encode.mjs";
import { signature } from "./types.mjs";

/** @typedef {import("./types.mjs").FunctionType} FunctionType */
/** @typedef {{name: string, type: number, body: Uint8Array}} AddedBody */

/** @type {Record<string, number>} */
const CONST = { i32: 0x41, i64: 0x42 };

export class Additions {
  /** Entries of the type section. @type {Uint8Array[]} */ types = [];
  /** @type {AddedBody[]} */ functions = [];
  /** Entries of the global section. @type {number[][]} */ globals = [];
  /** The function that a call of a function goes to instead. @type {Map<number, number>} */ calls = new Map();
  /** The function that tables and `ref.func` have instead. @type {Map<number, number>} */ references = new Map();
  /** The function that an export is of instead, by name. @type {Map<string, number>} */ exports = new Map();
  /** Entries of the import section, after those that there are. @type {Uint8Array[]} */ imports = [];
  /** @type {Map<string, number>} */ newExports = new Map();
  /** @type {Map<string, number>} */ #types = new Map();

  /** @param {import("./module.mjs").Module} module */
  constructor(module) {
    this.module = module;
    module.types.forEach((type, index) => {
      if (type !== null && !this.#types.has(signature(type))) this.#types.set(signature(type), index);
    });
  }

  /** The index of a type, which is added if the module does not have it. @param {FunctionType} type */
  typeIndex(type) {
    const key = signature(type);
    const known = this.#types.get(key);
    if (known !== undefined) return known;
    const index = this.module.types.length + this.types.length;
    this.#types.set(key, index);
    this.types.push(functionType(type));
    return index;
  }

  /** The index of a function's type, also of one that was added. @param {number} index */
  typeOf(index) {
    const first = this.module.functionCount;
    return index < first ? this.module.functionTypes[index] : this.functions[index - first].type;
  }

  /** The type of a block without parameters. @param {string[]} results */
  blockType(results) {
    if (results.length > 1) return signed(this.typeIndex({ params: [], results }));
    return results.length === 1 ? valueType(results[0]) : [0x40];
  }

  get nextFunction() {
    return this.module.functionCount + this.functions.length;
  }

  /**
   * Add a function; `code` is without the last `end`.
   *
   * @param {string} name
   * @param {number} type
   * @param {number[]} code
   * @param {string[]} locals
   * @returns its index
   */
  addFunction(name, type, code, locals = []) {
    this.functions.push({ name, type, body: functionBody(code, locals) });
    return this.nextFunction - 1;
  }

  /** Add a mutable global that starts as zero. @param {string} kind @returns its index */
  addGlobal(kind) {
    this.globals.push([...valueType(kind), 1, CONST[kind], 0, 0x0b]);
    return this.module.globals.length + this.globals.length - 1;
  }
}
