// A C stack for each call of an instance, for calls that overlap in time (adapters.mjs has why, and the wasm half).
//
// A call that begins while no other is under way is on the guest's own stack, all of it, and the pointer stays below its
// frames while it waits. Every other call gets a region of the guest's memory. Where there is no room for one, or the
// pointer cannot be reached, calls run one after another.

import { InstanceMemory } from "../wasm/instance-memory.mjs";
import { makeAccess, makeHub } from "./adapters.mjs";

/** @typedef {WebAssembly.Pointer} Pointer */
/** @typedef {import("../wasm/stack-pointer.mjs").PointerAccess} PointerAccess */

export const REGION_BYTES = 65536;
const CANARY = [0x5afe57ac, 0xc0de57ac];
const WASM_FRAME = /wasm-function|wasm:\/\//;

/** Whether frames of wasm lie below on the native stack: asked only where the pointer alone does not say. */
function wasmBelow() {
  const limit = Error.stackTraceLimit;
  try {
    Error.stackTraceLimit = Infinity;
    return WASM_FRAME.test(String(new Error().stack));
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** Calls of an instance, each with a C stack of its own. */
export class CallStacks {
  /** @type {PointerAccess | null} */
  #access = null;
  /** @type {InstanceMemory | null} */
  #memory = null;
  #words = new Uint32Array();
  #zero;
  /** @type {Pointer[]} */
  #free = [];
  #open = 0;
  /** @type {(() => void)[]} */
  #waiting = [];
  #regionBytes;
  #onWait;

  /**
   * @param {boolean} wide whether addresses have 64 bits
   * @param {number} regionBytes the size of a region
   * @param {() => void} onWait called when a call has to wait for another to end
   */
  constructor(wide, regionBytes, onWait) {
    this.wide = wide;
    this.hub = makeHub(wide);
    this.#zero = wide ? 0n : 0;
    this.#regionBytes = regionBytes;
    this.#onWait = onWait;
  }

  /**
   * The host function again: it runs on the stack of the call, and what runs while it waits does not.
   *
   * @param {Function} host
   * @param {number} arity
   */
  leaving(host, arity) {
    const { leave } = this.hub;
    const left = (/** @type {unknown} */ result) => {
      leave();
      return result;
    };
    // Fixed numbers of arguments: engines call those sooner.
    switch (arity) {
      case 0:
        return () => left(host());
      case 1:
        return (/** @type {unknown} */ a) => left(host(a));
      case 2:
        return (/** @type {unknown} */ a, /** @type {unknown} */ b) => left(host(a, b));
      case 3:
        return (/** @type {unknown} */ a, /** @type {unknown} */ b, /** @type {unknown} */ c) => left(host(a, b, c));
      default:
        return (/** @type {unknown[]} */ ...args) => left(host(...args));
    }
  }

  /**
   * Take what only exists once the instance has been made.
   *
   * @param {WebAssembly.Global | PointerAccess} pointer a global, or two functions of the guest's
   * @param {WebAssembly.Exports} exports
   * @param {WebAssembly.Memory | null} importedMemory
   */
  connect(pointer, exports, importedMemory) {
    if (this.#access !== null) return; // a side module's main module was here
    this.#access = pointer instanceof WebAssembly.Global ? makeAccess(pointer, this.wide) : pointer;
    this.hub.table.set(0, this.#access.get);
    this.hub.table.set(1, this.#access.set);
    this.hub.own.value = this.#access.get();
    this.#memory = new InstanceMemory(exports, importedMemory, this.wide);
  }

  /** @param {Function} exported */
  promising(exported) {
    const enter = WebAssembly.promising(exported);
    return (/** @type {unknown[]} */ args, /** @type {boolean} */ isNested) => this.#begin(enter, args, isNested);
  }

  /**
   * @param {(...args: unknown[]) => Promise<any>} enter
   * @param {unknown[]} args
   * @param {boolean} isNested
   * @returns {Promise<any>}
   */
  #begin(enter, args, isNested) {
    const access = /** @type {PointerAccess} */ (this.#access);
    // Without room, a call that another one waits for goes below that on the guest's own stack: it ends first.
    const region = this.#regionFor(access) ?? (isNested ? this.#zero : null);
    if (region !== null) return this.#run(access, enter, args, region);
    this.#onWait();
    const ready = new Promise((resolve) => {
      if (this.#open === 0) resolve(undefined);
      else this.#waiting.push(() => resolve(undefined));
    });
    return ready.then(() => this.#begin(enter, args, false)); // by `then`, in its own asynchronous context
  }

  /**
   * @param {PointerAccess} access
   * @returns {Pointer | null} the top of the stack for a call that begins now; 0: the guest's own; null: there is none
   */
  #regionFor(access) {
    if (this.#open === 0 && (access.get() === this.hub.own.value || !wasmBelow())) return this.#zero;
    return this.#free.pop() ?? this.#newRegion();
  }

  #newRegion() {
    const top = this.#memory?.region(this.#regionBytes) ?? null;
    if (top === null) return null;
    this.#memoryWords().set(CANARY, this.#lowest(top));
    return this.wide ? BigInt(top) : top;
  }

  /** The guest's memory as it is now: its buffer changes when it grows. */
  #memoryWords() {
    const buffer = this.#memory?.memory?.buffer;
    if (buffer !== undefined && this.#words.buffer !== buffer) this.#words = new Uint32Array(buffer);
    return this.#words;
  }

  /**
   * Where the last words of a region are: C code that comes to them has gone on into what lies below.
   *
   * @param {Pointer} top
   */
  #lowest(top) {
    return (Number(top) - this.#regionBytes) / 4;
  }

  /**
   * @param {PointerAccess} access
   * @param {(...args: unknown[]) => Promise<any>} enter
   * @param {unknown[]} args
   * @param {Pointer} region
   */
  #run({ get, set }, enter, args, region) {
    const { own, region: current } = this.hub;
    const before = get();
    const running = current.value;
    const isOwn = region === this.#zero;
    if (isOwn) own.value = before;
    else set(region);
    current.value = region;
    this.#open++;
    // It may end much later, when nothing of the guest's is on the native stack.
    const end = () => {
      this.#open--;
      this.#waiting.shift()?.();
      if (isOwn) own.value = before;
      set(own.value);
      if (!isOwn) this.#giveBack(region);
    };
    let promise;
    try {
      promise = enter(...args);
    } catch (error) {
      promise = Promise.reject(error);
    }
    current.value = running;
    if (!isOwn) set(before);
    return promise.then(
      (value) => {
        end();
        return value;
      },
      (error) => {
        end();
        throw error;
      },
    );
  }

  /**
   * Free a region.
   *
   * @param {Pointer} region
   */
  #giveBack(region) {
    const words = this.#memoryWords();
    const lowest = this.#lowest(region);
    if (words[lowest] !== CANARY[0] || words[lowest + 1] !== CANARY[1]) {
      throw new RangeError(
        `a call used more than the ${this.#regionBytes} bytes of C stack that calls beside others have, and wrote over the guest's memory`,
      );
    }
    this.#free.push(region);
  }
}
