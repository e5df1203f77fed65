// The C stack of an instance: its pointer, read through the exports, and copies of frames that must not change.

"use strict";

const { Global, Memory } = WebAssembly;
const { getOwnPropertyDescriptor, keys } = Object;
const { apply } = Reflect;

/** @type {(prototype: object, name: string) => () => any} */
const getter = (prototype, name) => /** @type {any} */ (getOwnPropertyDescriptor(prototype, name)?.get);
const valueOf = getter(Global.prototype, "value");
const bufferOf = getter(Memory.prototype, "buffer");

const GLOBAL = "__stack_pointer";
const GETTERS = ["emscripten_stack_get_current", "stackSave"];
const MOST_ACCESSOR = 12; // bytes of a function that reads or writes a global
const PAGE = 4096;
/** Of larger ranges pages are taken, evenly spread. */
const MOST_COPIED = 65536;

/** @typedef {{from: number, to: number}} Range of addresses */
/** @typedef {{from: number, bytes: Uint8Array}[]} Copy of a range, or of pages of it */
/** @typedef {Map<number, [before: number, after: number]>} Changed bytes by address */

class CStack {
  #read;
  #memory;

  /**
   * @param {() => number | bigint} read
   * @param {WebAssembly.Memory} memory
   */
  constructor(read, memory) {
    this.#read = read;
    this.#memory = memory;
  }

  /**
   * @param {WebAssembly.Exports} exports
   * @param {string[]} getters those that give the pointer, whatever their names
   * @returns {CStack | null} null: the pointer or the memory cannot be reached
   */
  static of(exports, getters) {
    const memories = keys(exports).filter((name) => exports[name] instanceof Memory);
    if (memories.length !== 1) return null;
    const memory = exports[memories[0]];
    const pointer = exports[GLOBAL];
    if (pointer instanceof Global) return new CStack(() => apply(valueOf, pointer, []), memory);
    const name = [...GETTERS, ...getters].find((each) => typeof exports[each] === "function");
    return name === undefined ? null : new CStack(exports[name], memory);
  }

  get pointer() {
    return Number(this.#read());
  }

  /** @returns {Uint8Array} all of the memory, as it is now */
  #bytes() {
    return new Uint8Array(apply(bufferOf, this.#memory, []));
  }

  /**
   * @param {Range} range
   * @returns {Copy}
   */
  copy(range) {
    const bytes = this.#bytes();
    return [...pages(range)].map(({ from, to }) => ({ from, bytes: bytes.slice(from, to) }));
  }

  /**
   * The addresses in a range whose bytes are not as in a copy, with what they were and what they are.
   *
   * @param {Range} range
   * @param {Copy} copy
   * @returns {Changed}
   */
  changed(range, copy) {
    const now = this.#bytes();
    const changed = new Map();
    for (const { from, bytes } of copy) {
      const last = Math.min(range.to, from + bytes.length);
      for (let at = Math.max(range.from, from); at < last; at++) if (now[at] !== bytes[at - from]) changed.set(at, [bytes[at - from], now[at]]);
    }
    return changed;
  }

  /**
   * How many more of the bytes are what they were before than what they were after: positive if changes were undone. 0: it cannot
   * be told, for the program has written there itself since.
   *
   * @param {Changed} changed
   */
  undone(changed) {
    const now = this.#bytes();
    let undone = 0;
    for (const [at, [before, after]] of changed) undone += Number(now[at] === before) - Number(now[at] === after);
    return undone;
  }
}

/**
 * @param {Range} range
 * @returns {Iterable<Range>}
 */
function* pages({ from, to }) {
  if (to - from <= MOST_COPIED) return yield { from, to };
  const every = Math.ceil((to - from) / MOST_COPIED);
  for (let at = from; at < to; at += PAGE * every) yield { from: at, to: Math.min(to, at + PAGE) };
}

/**
 * Functions that return a global which another one sets to its argument: stackSave and stackRestore, or what they are called today.
 *
 * @param {import("./exported-code.cjs").ExportedFunction[]} functions
 * @returns {string[]} their names; none if there are several such globals
 */
function pointerGetters(functions) {
  /** @type {Map<number, string>} */
  const read = new Map();
  const written = new Set();
  for (const { called, body } of functions) {
    const code = body();
    if (code.left > MOST_ACCESSOR || !code.next(0)) continue; // no locals
    const first = code.byte();
    const sets = first === 0x20;
    if ((sets && !code.next(0, 0x24)) || (!sets && first !== 0x23)) continue;
    const global = code.u32();
    if (!code.next(0x0b)) continue;
    if (sets) written.add(global);
    else read.set(global, called[0]);
  }
  const found = [...read].filter(([global]) => written.has(global));
  return found.length === 1 ? [found[0][1]] : [];
}

exports.CStack = CStack;
exports.pointerGetters = pointerGetters;
