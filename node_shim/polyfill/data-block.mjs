// Where saved stacks lie: one data block for an instance, in a memory that the build keeps for it (builds of
// stackswitch), in memory that the guest's own `malloc` gave, or in pages added to its memory. The block holds
// the stack of the call that was suspended last; when another call needs it, its content is copied into a buffer of that call.
//
// Layout: current position, then end, each as wide as the build's pointers, then the saved stack, growing upwards.
// Source: Binaryen, src/passes/Asyncify.cpp, opening comment. Asyncify looks whether the end was passed only when an
// unwind has ended, so there is room behind the end that nobody else uses.

import { ALIGN, isMemory, OWN_MEMORY, PAGE } from "./instance-memory.mjs";
import { AsyncifyError } from "./errors.mjs";

const STACK_BYTES = 1 << 20;
const GUARD_BYTES = PAGE;

/** @typedef {{buffer: Uint8Array, size: number}} SavedStack */

/**
 * Make the data block of an instance.
 *
 * @param {WebAssembly.Exports} exports
 * @param {import("./instance-memory.mjs").InstanceMemory} guest
 * @param {number} [bytes] how much a saved stack may take; undefined: the usual size
 */
export function dataBlockFor(exports, guest, bytes) {
  const { memory, wide } = guest;
  const own = exports[OWN_MEMORY];
  if (isMemory(own)) {
    const size = own.buffer.byteLength - ALIGN - 8;
    return new DataBlock(own, ALIGN, Math.min(bytes ?? size, size), wide);
  }
  if (memory === null) throw new AsyncifyError("no-room", "the build exports no memory");
  const wanted = (bytes ?? STACK_BYTES) + 2 * ALIGN + GUARD_BYTES;
  const at = guest.allocate(wanted);
  if (at !== null) return new DataBlock(memory, at, bytes ?? STACK_BYTES, wide);
  const grown = guest.grow(Math.ceil(wanted / PAGE));
  if (grown === null) throw new AsyncifyError("no-room", "no malloc is among the exports, and pages added to the memory would be the guest's own, or cannot be added");
  const most = grown.size - ALIGN - Math.min(GUARD_BYTES, grown.size / 2);
  return new DataBlock(memory, grown.at, Math.min(bytes ?? most, most), wide);
}

/** A data block. `address` is as the control functions take it; `capacity`: for a saved stack (bytes). */
export class DataBlock {
  #memory;
  #wide;
  #first;
  /** @type {any} numbers or BigInts */
  #header;
  #bytes = new Uint8Array();

  /**
   * @param {WebAssembly.Memory} memory
   * @param {number} at
   * @param {number} capacity
   * @param {boolean} wide whether Asyncify's pointers have 64 bits
   */
  constructor(memory, at, capacity, wide) {
    this.#memory = memory;
    this.#wide = wide;
    this.#first = at + (wide ? 16 : 8);
    this.at = at;
    this.capacity = capacity - (capacity % 4);
    this.address = wide ? BigInt(at) : at;
    this.clear();
  }

  /** The memory and the block's header as they are now: a memory's buffer changes when it grows. */
  #view() {
    const { buffer } = this.#memory;
    if (this.#bytes.buffer !== buffer) {
      this.#bytes = new Uint8Array(buffer);
      this.#header = this.#wide ? new BigUint64Array(buffer, this.at, 2) : new Uint32Array(buffer, this.at, 2);
    }
    return { header: this.#header, bytes: this.#bytes };
  }

  /** @param {number} number */
  #pointer(number) {
    return this.#wide ? BigInt(number) : number;
  }

  clear() {
    const { header } = this.#view();
    header[0] = this.#pointer(this.#first);
    header[1] = this.#pointer(this.#first + this.capacity);
  }

  /** How much of a saved stack there is (bytes). */
  get saved() {
    return Number(this.#view().header[0]) - this.#first;
  }

  /**
   * Copy the saved stack out; the block is empty then.
   *
   * @param {Uint8Array | null} buffer used again if it is large enough
   * @returns {SavedStack}
   */
  takeOut(buffer) {
    const size = this.saved;
    const into = buffer !== null && buffer.length >= size ? buffer : new Uint8Array(Math.max(256, 2 * size));
    into.set(this.#view().bytes.subarray(this.#first, this.#first + size));
    this.clear();
    return { buffer: into, size };
  }

  /**
   * Put a saved stack into the empty block.
   *
   * @param {SavedStack} saved
   */
  putBack({ buffer, size }) {
    const { header, bytes } = this.#view();
    bytes.set(buffer.subarray(0, size), this.#first);
    header[0] = this.#pointer(this.#first + size);
  }
}

/**
 * Whether addresses have 64 bits. An i32 takes no BigInt, and then nothing runs. An i64 does: the guest then looks into
 * a block at 0 and may trap over what it finds, after it has set its state; which is put back.
 *
 * @param {Record<string, Function>} controls
 */
export function takesBigInt({ start_unwind: start, stop_unwind: stop }) {
  try {
    start(0n);
  } catch (error) {
    if (error instanceof TypeError) return false;
  }
  try {
    stop();
  } catch {
    // see above
  }
  return true;
}
