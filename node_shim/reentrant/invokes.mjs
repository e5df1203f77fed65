// Emscripten's `invoke_*` as WebAssembly, so that no JavaScript is between a wait and its promising call.

import { call, localGet } from "./encode.mjs";
import { adapter, fromHex, linked, refusal, said } from "./specification.mjs";

/** @typedef {import("./types.mjs").FunctionType} FunctionType */
/** @typedef {import("./module.mjs").Import} Import */

const known = adapter.invokes;
const WRAP = 0xa7;
const EXTEND_U = 0xad;
/** @type {Record<string, number>} */
const CONST = { i32: 0x41, i64: 0x42 };

/** @type {(one: string[], other: string[]) => boolean} */
const same = (one, other) => one.length === other.length && one.every((each, at) => each === other[at]);

export class Invokes {
  /**
   * @param {import("./additions.mjs").Additions} additions
   * @param {import("./facts.mjs").Facts} facts
   * @param {Record<string, string>} names what minified imports stand for, by full name
   * @param {Record<string, number>} regions the functions and globals of regions.wat, by name
   * @param {boolean} newExceptions
   */
  constructor(additions, facts, names, regions, newExceptions) {
    this.additions = additions;
    this.facts = facts;
    this.names = names;
    this.regions = regions;
    this.newExceptions = newExceptions;
  }

  /** Replace all of them. @returns the full names of these, and of the imports that throw */
  replace() {
    const named = this.facts.module.functionImports.map((each) => /** @type {const} */ ([each, this.#nameOf(each)]));
    const invokes = named.filter(([, name]) => name.startsWith(known.prefix));
    if (invokes.length === 0) throw refusal("no-invokes");
    for (const [each, name] of invokes) this.#redirect(each, this.#invoke(each, name.slice(known.prefix.length)));
    for (const [each, name] of named) {
      const note = own(known.throwing, name) ?? own(known.catching, name);
      if (note !== undefined) this.#redirect(each, this.#noted(each, note));
    }
    const throwing = named.filter(([, name]) => Object.hasOwn(known.throwing, name));
    return { invokes: invokes.map(([each]) => each.fullName), throwing: throwing.map(([each]) => each.fullName) };
  }

  /** @param {Import} imported */
  #nameOf({ fullName, name }) {
    return own(this.names, fullName) ?? name;
  }

  /** @param {Import} imported @param {number} wrapper */
  #redirect({ index }, wrapper) {
    this.additions.calls.set(index, wrapper);
    this.additions.references.set(index, wrapper);
  }

  /** A function that notes what an import does, and calls it. @param {Import} imported @param {string} note */
  #noted({ fullName, index }, note) {
    const { params } = this.facts.module.functionType(index);
    const links = { indexes: { $note: this.regions[note], $real: index }, parts: { arguments: params.flatMap((_, at) => localGet(at)) } };
    return this.additions.addFunction(said("titles", "noted", { name: fullName }), this.additions.typeOf(index), linked(adapter.codes.noted, links));
  }

  /** @param {Import} imported @param {string} letters */
  #invoke({ fullName, index }, letters) {
    const { additions, facts } = this;
    const declared = facts.module.functionType(index);
    const target = this.#target(declared, fullName, letters);
    const locals = [facts.address, "i64", ...(this.newExceptions ? ["exnref"] : [])];
    const stack = declared.params.length;
    const first = { arguments: this.#arguments(declared, target), function: this.#functionIndex(declared) };
    const indexes = {
      ...this.regions,
      $sp: facts.pointer.index,
      type: additions.typeIndex(target),
      table: this.#table(),
      $stack: stack,
      $exception: stack + 2,
    };
    const parts = {
      ...first,
      result: this.#result(declared, target, stack + 1),
      set_threw: this.#setThrew(),
      zeros: declared.results.flatMap((each) => fromHex(known.zeros[each])),
      results: additions.blockType(declared.results),
    };
    const code = linked(adapter.codes[this.newExceptions ? "invoke.try_table" : "invoke.try"], { indexes, parts });
    return additions.addFunction(said("titles", "invoke", { name: fullName }), additions.typeOf(index), code, locals);
  }

  /**
   * The type of the functions called: the import's, or one with 64-bit numbers made whole.
   *
   * @param {FunctionType} declared
   * @param {string} name
   * @param {string} text the letters
   * @returns {FunctionType}
   */
  #target(declared, name, text) {
    const letters = [...text];
    const halved = letters[0] === "j" && same(declared.results, ["i32"]);
    const takesFunction = ["i32", "i64"].includes(declared.params[0]);
    if (!takesFunction || declared.results.some((each) => !Object.hasOwn(known.zeros, each))) throw refusal("unknown-invoke", { name });
    if (letters.length > 0 && declared.params.length === letters.length && !halved) {
      return { params: declared.params.slice(1), results: declared.results };
    }
    if (letters.length === 0) throw refusal("unknown-invoke:signature", { name });
    const isLetter = (/** @type {string} */ each) => Object.hasOwn(known.types, each);
    if (!letters.slice(1).every(isLetter) || !(letters[0] === "v" || isLetter(letters[0]))) throw refusal("unknown-invoke:letter", { name });
    const kinds = letters.map((each) => (own(known.types, each) ?? "").replace("addr", this.facts.address));
    const target = { params: kinds.slice(1), results: letters[0] === "v" ? [] : kinds.slice(0, 1) };
    const split = target.params.flatMap((kind) => (kind === "i64" ? ["i32", "i32"] : [kind]));
    const rest = declared.params.slice(1);
    const fits = same(rest, split) || same(rest, target.params);
    if (!fits || !(halved || same(declared.results, target.results))) throw refusal("unknown-invoke:fit", { name });
    return target;
  }

  /** @param {FunctionType} declared @param {FunctionType} target */
  #arguments(declared, target) {
    const code = [];
    let at = 1;
    for (const kind of target.params) {
      if (declared.params[at] === kind) code.push(...localGet(at++));
      else {
        code.push(...linked(adapter.codes["invoke.whole"], { indexes: { $low: at, $high: at + 1 } }));
        at += 2;
      }
    }
    return code;
  }

  /** Leave the result as the import would: the upper half of a 64-bit one is put aside. @param {FunctionType} declared @param {FunctionType} target @param {number} wide */
  #result(declared, target, wide) {
    if (same(declared.results, target.results)) return [];
    return linked(adapter.codes["invoke.halves"], { indexes: { $wide: wide, $set_upper_half: this.#setUpperHalf() } });
  }

  #setUpperHalf() {
    const imported = this.facts.module.functionImports.find((each) => each.name === known.temp_ret_import);
    const found = imported?.index ?? this.facts.find(known.temp_ret, ["i32"], []);
    if (found === undefined) throw refusal("no-temp-ret");
    return found;
  }

  /** @param {FunctionType} declared */
  #functionIndex(declared) {
    const wideTable = this.facts.module.tables[this.#table()].is64;
    const wide = declared.params[0] === "i64";
    if (wide && !wideTable) return [...localGet(0), WRAP];
    return wideTable && !wide ? [...localGet(0), EXTEND_U] : localGet(0);
  }

  #table() {
    const { module } = this.facts;
    const exported = module.exports.get(known.table);
    if (exported?.kind === "table") return exported.index;
    if (module.tables.length !== 1) throw refusal("no-table", { count: module.tables.length });
    return 0;
  }

  #setThrew() {
    for (const first of ["i32", "i64"]) {
      const found = this.facts.find(known.set_threw, [first, "i32"], []);
      if (found !== undefined) return [CONST[first], 1, CONST.i32, 0, ...call(found)];
    }
    throw refusal("no-set-threw");
  }
}

/** @type {<T>(table: Record<string, T>, name: string) => T | undefined} */
const own = (table, name) => (Object.hasOwn(table, name) ? table[name] : undefined);
