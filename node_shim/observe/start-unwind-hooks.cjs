// Where an Asyncify build begins to unwind: in the exports that the program gets, its `asyncify_start_unwind` is a wasm
// function that first calls the observer. It is a real exported function, so tables and imports take it as well; it ends in
// a tail call, and its index is that of the original, so that no stack, no name and no text shows it.

"use strict";


const { replace } = require("./proxies.cjs");
const { renamedStartUnwind } = require("./asyncify.cjs");
const { Module, Instance } = WebAssembly;
const { getOwnPropertyDescriptor, create, freeze, keys } = Object;
const { apply } = Reflect;

const START_UNWIND = "asyncify_start_unwind";
const GET_STATE = "asyncify_get_state";

const NOTE = 0; // the functions that an adapter imports
const UNWIND = 1;
const TYPES = [0x7f, 0x7e]; // i32, i64
const CALL = 0x10;
const RETURN_CALL = 0x12;

/** @param {number} value */
function u32(value) {
  const bytes = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}

/** @type {(id: number, ...content: number[]) => number[]} */
const section = (id, ...content) => [id, ...u32(content.length), ...content];

/**
 * (module (import "o" "n" (func $note)) (import "o" "u" (func $unwind (param T)))
 *   (func) … up to the index
 *   (func (export "f") (param T) (call $note) (return_call $unwind (local.get 0))))
 *
 * @param {number} index of the function
 * @param {number} type of an address
 * @param {number} call the instruction
 */
function adapterBytes(index, type, call) {
  const fillers = index - UNWIND - 1;
  const signatures = new Array(fillers).fill(0);
  const bodies = new Array(fillers).fill([2, 0, 0x0b]).flat();
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, 2, 0x60, 0, 0, 0x60, 1, type, 0),
    ...section(2, 2, 1, 0x6f, 1, 0x6e, 0, 0, 1, 0x6f, 1, 0x75, 0, 1),
    ...section(3, ...u32(fillers + 1), ...signatures, 1),
    ...section(7, 1, 1, 0x66, 0, ...u32(index)),
    ...section(10, ...u32(fillers + 1), ...bodies, 8, 0, CALL, NOTE, 0x20, 0, call, UNWIND, 0x0b),
  ]);
}

/**
 * @param {Function} note
 * @param {Function} unwind
 * @returns {Function} an exported wasm function that calls `note`, then `unwind` with its argument
 */
function adapted(note, unwind) {
  const index = Math.max(UNWIND + 1, indexOf(unwind));
  let refusal;
  for (const call of [RETURN_CALL, CALL]) {
    for (const type of TYPES) {
      try {
        return new Instance(new Module(adapterBytes(index, type, call)), { o: { n: note, u: unwind } }).exports.f;
      } catch (error) {
        refusal = error; // of another type, or an engine without tail calls
      }
    }
  }
  throw refusal;
}

/**
 * An exported function is named by its index.
 *
 * @param {Function} exported
 */
const indexOf = (exported) => Number(getOwnPropertyDescriptor(exported, "name")?.value);
/** @param {string[]} names */
const joined = (names) => names.sort().join("\0");

class UnwindHooks {
  #stacks;
  #part;
  /** @type {Map<string, {name: string, index: number, names: string}>} builds whose export has another name, by hash */
  #renamed = new Map();
  /** @type {WeakMap<object, object>} the engine's exports → those that the program gets */
  #shown = new WeakMap();
  /** @type {WeakMap<Function, Function>} asyncify_start_unwind → ours */
  #adapters = new WeakMap();
  #ours = new WeakSet();
  /** @type {WeakRef<() => number>[]} */
  #states = [];

  /**
   * @param {import("./stacks.cjs").StackRecorder} stacks
   * @param {import("./part.cjs").TracePart} part
   */
  constructor(stacks, part) {
    this.#stacks = stacks;
    this.#part = part;
  }

  hook() {
    replace(Instance.prototype, "exports", { apply: (target, instance, args) => this.#show(apply(target, instance, args)) }, "get");
  }

  /**
   * Note what a module calls the export.
   *
   * @param {Uint8Array} bytes
   * @param {string} sha256
   */
  compiled(bytes, sha256) {
    let found;
    try {
      found = renamedStartUnwind(bytes);
    } catch {
      return; // malformed: the engine refuses it
    }
    if (found !== null && found.name !== START_UNWIND) this.#renamed.set(sha256, { ...found, names: joined(found.names) });
  }

  /** @param {WebAssembly.Exports} exports */
  #show(exports) {
    const known = this.#shown.get(exports);
    if (known !== undefined) return known;
    const shown = this.#part.guard(() => this.#replaced(exports), exports);
    this.#shown.set(exports, shown);
    return shown;
  }

  /** @param {WebAssembly.Exports} exports */
  #nameIn(exports) {
    const is = (/** @type {string} */ name) => typeof exports[name] === "function";
    if (is(START_UNWIND)) return START_UNWIND;
    for (const { name, index, names } of this.#renamed.values()) {
      if (is(name) && indexOf(exports[name]) === index && joined(keys(exports)) === names) return name;
    }
    return null;
  }

  /**
   * The exports again, with a function of ours for the one that begins to unwind, under each of its names.
   *
   * @param {WebAssembly.Exports} exports
   */
  #replaced(exports) {
    const start = this.#nameIn(exports);
    if (start === null) return exports;
    const original = exports[start];
    if (this.#ours.has(original)) return exports; // of another instance, which this one imports
    const adapter = this.#adapters.get(original) ?? this.#adapter(original);
    const copy = create(null);
    for (const name of keys(exports)) copy[name] = exports[name] === original ? adapter : exports[name];
    if (typeof exports[GET_STATE] === "function") this.#states.push(new WeakRef(exports[GET_STATE]));
    return freeze(copy);
  }

  /** @param {Function} original */
  #adapter(original) {
    const slot = this.#stacks.slot("asyncify", { through: true, skip: 1 });
    const stacks = this.#stacks;
    const note = () => stacks.note(slot, note);
    const adapter = adapted(note, original);
    this.#adapters.set(original, adapter);
    this.#ours.add(adapter);
    return adapter;
  }

  /** @returns {{unwinding: number, rewinding: number}} instances that are not back from a wait */
  unfinished() {
    const states = this.#states.map((state) => this.#part.guard(() => state.deref()?.(), null) ?? null); // null: it is gone
    this.#states = this.#states.filter((_, at) => states[at] === 0); // the others have been counted, and are of no more use
    return {
      unwinding: states.filter((state) => state === 1).length,
      rewinding: states.filter((state) => state === 2).length,
    };
  }
}

module.exports = { UnwindHooks };
