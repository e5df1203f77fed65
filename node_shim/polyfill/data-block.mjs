// Where saved stacks lie: one data block for an instance, in a memory that the build keeps for it (builds of
// stackswitch), in memory that the guest's own `malloc` gave, or in pages added to its memory. The block holds
// the call that was set aside last; when another needs it, what it holds is copied out into a buffer of that call's own.
//
// Layout: current position, then end, each as wide as the build's pointers, then the saved stack, growing upwards.
// Source: Binaryen, src/passes/Asyncify.cpp, opening comment. Asyncify looks whether the end was passed only when an
// unwind has ended, so there is room behind the end that nobody else uses.

import { AsyncifyError } from "./errors.mjs";

export const OWN_MEMORY = "stackswitch.saved_stacks";
const PAGE = 65536;
const STACK_BYTES = 1 << 20;
const GUARD_BYTES = PAGE;
const REGION_BYTES = PAGE;
const ALIGN = 16;

const isMemory = (value) => value instanceof WebAssembly.Memory;

/** An instance's memory, and how to get room in it. */
export class Room {
  #memory;
  #malloc;
  #wide;
  #own;

  /**
   * @param exports of the instance
   * @param imported the memory that it imports, if it does
   * @param wide whether Asyncify's pointers have 64 bits
   */
  constructor(exports, imported, wide) {
    this.#own = isMemory(exports[OWN_MEMORY]) ? exports[OWN_MEMORY] : null;
    this.#memory = Object.entries(exports).find(([name, each]) => name !== OWN_MEMORY && isMemory(each))?.[1] ?? imported ?? null;
    const malloc = exports.malloc ?? exports._malloc;
    this.#malloc = typeof malloc === "function" ? malloc : null;
    this.#wide = wide;
  }

  /** @param bytes how much a saved stack may take; undefined: what is usual */
  block(bytes) {
    if (this.#own !== null) {
      const size = this.#own.buffer.byteLength - ALIGN - 8;
      return new Block(this.#own, ALIGN, Math.min(bytes ?? size, size), this.#wide);
    }
    if (this.#memory === null) throw new AsyncifyError("no-room", "the build exports no memory");
    const wanted = (bytes ?? STACK_BYTES) + 2 * ALIGN + GUARD_BYTES;
    const at = this.#allocate(wanted);
    if (at !== null) return new Block(this.#memory, at, bytes ?? STACK_BYTES, this.#wide);
    const grown = this.#grow(Math.ceil(wanted / PAGE));
    if (grown === null) throw new AsyncifyError("no-room", "the memory cannot grow, and there is no malloc among the exports");
    const most = grown.size - ALIGN - Math.min(GUARD_BYTES, grown.size / 2);
    return new Block(this.#memory, grown.at, Math.min(bytes ?? most, most), this.#wide);
  }

  get memory() {
    return this.#memory;
  }

  /** The top of a C stack for one call, or null. */
  region(bytes = REGION_BYTES) {
    if (this.#memory === null) return null;
    const at = this.#allocate(bytes);
    if (at !== null) return at + bytes;
    const grown = this.#grow(Math.ceil(bytes / PAGE));
    return grown === null || grown.size < bytes ? null : grown.at + bytes;
  }

  #allocate(bytes) {
    if (this.#malloc === null) return null;
    const at = Number(this.#byWidth(this.#malloc, bytes + ALIGN));
    return at === 0 ? null : Math.ceil(at / ALIGN) * ALIGN;
  }

  /** What takes an address takes a BigInt where addresses have 64 bits: the guest's may, though Asyncify's do not. */
  #byWidth(action, number) {
    if (this.#wide) return action(BigInt(number));
    try {
      const result = action(number);
      return typeof result === "bigint" ? result : result >>> 0;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return action(BigInt(number));
    }
  }

  #grow(pages) {
    for (; pages > 0; pages >>= 1) {
      const before = this.#memory.buffer.byteLength;
      try {
        this.#byWidth((number) => this.#memory.grow(number), pages);
      } catch {
        continue;
      }
      return { at: before, size: pages * PAGE };
    }
    return null;
  }
}

/** The data block of an instance. `address` is as the control functions take it. */
export class Block {
  #memory;
  #wide;
  #view = null;
  #bytes = null;
  #header;

  constructor(memory, at, room, wide) {
    this.#memory = memory;
    this.#wide = wide;
    this.at = at;
    this.room = room - (room % 4);
    this.first = at + (wide ? 16 : 8);
    this.#header = wide ? new BigUint64Array(2) : new Uint32Array(2);
    this.address = wide ? BigInt(at) : at;
    this.clear();
  }

  /** The memory as it is now: its buffer changes when it grows. */
  #look() {
    const { buffer } = this.#memory;
    if (this.#bytes?.buffer !== buffer) {
      this.#bytes = new Uint8Array(buffer);
      this.#view = new this.#header.constructor(buffer, this.at, 2);
    }
    return this.#view;
  }

  clear() {
    const view = this.#look();
    view[0] = this.#pointer(this.first);
    view[1] = this.#pointer(this.first + this.room);
  }

  #pointer(number) {
    return this.#wide ? BigInt(number) : number;
  }

  /** How much of a saved stack there is (bytes). */
  get saved() {
    return Number(this.#look()[0]) - this.first;
  }

  /** Take the saved stack out, into `buffer` if it is large enough; the block is empty then. */
  takeOut(buffer) {
    const size = this.saved;
    const into = buffer !== null && buffer.length >= size ? buffer : new Uint8Array(Math.max(256, 2 * size));
    into.set(this.#bytes.subarray(this.first, this.first + size));
    this.clear();
    return { buffer: into, size };
  }

  /** Put a saved stack into the empty block. */
  putBack({ buffer, size }) {
    const view = this.#look();
    this.#bytes.set(buffer.subarray(0, size), this.first);
    view[0] = this.#pointer(this.first + size);
  }
}
