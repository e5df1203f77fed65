// A C stack for each call of an instance, for calls that overlap in time (adapters.mjs has why, and the wasm half).
//
// A call that begins while no other is under way is on the guest's own stack, all of it, and the pointer stays below its
// frames while it waits. Every other call gets a region of the guest's memory. Where there is no room for one, or the
// pointer cannot be reached, calls run one after another.

import { Room } from "../polyfill/data-block.mjs";
import { makeAccess, makeHub } from "./adapters.mjs";

export const REGION_BYTES = 65536;
const CANARY = [0x5afe57ac, 0xc0de57ac];
const WASM_FRAME = /wasm-function|wasm:\/\//;

/** Whether frames of wasm lie below on the native stack: asked only where the pointer alone does not say. */
function wasmBelow() {
  const limit = Error.stackTraceLimit;
  try {
    Error.stackTraceLimit = Infinity;
    return WASM_FRAME.test(new Error().stack);
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** Calls in a line: each begins when none is under way, save those that are waited for by one that is. */
export class Line {
  #open = 0;
  #waiting = [];

  /** @param enter begins the call; `isNested`: the one under way waits for it, so it ends first */
  begin(enter, isNested, onWait) {
    if (isNested || this.#open === 0) return this.#run(enter);
    onWait();
    const turn = new Promise((resolve) => this.#waiting.push(resolve));
    return turn.then(() => this.#run(enter, true)); // by `then`, so that it runs in its own asynchronous context
  }

  #run(enter, isCounted = false) {
    if (!isCounted) this.#open++;
    const end = () => {
      if (--this.#open > 0 || this.#waiting.length === 0) return;
      this.#open++; // now, for another might begin before the one that is next does
      this.#waiting.shift()();
    };
    try {
      return enter().finally(end);
    } catch (error) {
      end();
      throw error;
    }
  }
}

/** Calls of an instance whose C stack cannot be reached. */
export class CallsInTurn {
  #line = new Line();
  #onWait;

  /** @param onWait told when a call has to wait for another to end */
  constructor(onWait) {
    this.#onWait = onWait;
  }

  promising(exported) {
    const enter = WebAssembly.promising(exported);
    return (args, isNested) => this.#line.begin(() => enter(...args), isNested, this.#onWait);
  }
}

/** Calls of an instance, each with a C stack of its own. */
export class CallStacks {
  #hub;
  #access = null;
  #zero;
  #room = null;
  #memory = null;
  #free = [];
  #open = 0;
  #waiting = [];
  #regionBytes;
  #onWait;

  /** @param wide whether addresses have 64 bits; `onWait`: told when a call has to wait for another to end */
  constructor(wide, regionBytes, onWait) {
    this.wide = wide;
    this.#zero = wide ? 0n : 0;
    this.#hub = makeHub(wide);
    this.#regionBytes = regionBytes;
    this.#onWait = onWait;
  }

  get hub() {
    return this.#hub;
  }

  /** The host again; what it does is still done on the stack of the call, what comes while that waits is not. */
  leaving(host, arity) {
    const { leave } = this.#hub;
    const left = (result) => {
      leave();
      return result;
    };
    // Fixed numbers of arguments: engines call those sooner.
    switch (arity) {
      case 0:
        return () => left(host());
      case 1:
        return (a) => left(host(a));
      case 2:
        return (a, b) => left(host(a, b));
      case 3:
        return (a, b, c) => left(host(a, b, c));
      default:
        return (...args) => left(host(...args));
    }
  }

  /**
   * Take what only exists once the instance has been made.
   *
   * @param pointer a global, or `{get, set}`: two functions of the guest's
   */
  connect(pointer, exports, importedMemory) {
    if (this.#access !== null) return; // a side module's main module was here
    this.#access = pointer instanceof WebAssembly.Global ? makeAccess(pointer, this.wide) : pointer;
    this.#hub.table.set(0, this.#access.get);
    this.#hub.table.set(1, this.#access.set);
    this.#hub.own.value = this.#access.get();
    this.#room = new Room(exports, importedMemory, this.wide);
  }

  promising(exported) {
    const enter = WebAssembly.promising(exported);
    return (args, isNested) => this.#begin(enter, args, isNested);
  }

  #begin(enter, args, isNested) {
    // Without room, one that is waited for by a call under way goes below that on the guest's own stack: it ends first.
    const region = this.#place() ?? (isNested ? this.#zero : null);
    if (region !== null) return this.#run(enter, args, region);
    this.#onWait();
    const turn = new Promise((resolve) => (this.#open === 0 ? resolve() : this.#waiting.push(resolve)));
    return turn.then(() => this.#begin(enter, args, false)); // by `then`, in its own asynchronous context
  }

  /** The top of the stack for a call that begins now; 0: the guest's own; null: there is none. */
  #place() {
    if (this.#open === 0 && (this.#access.get() === this.#hub.own.value || !wasmBelow())) return this.#zero;
    return this.#free.pop() ?? this.#newRegion();
  }

  #newRegion() {
    const top = this.#room.region(this.#regionBytes);
    if (top === null) return null;
    this.#words().set(CANARY, this.#lowest(top));
    return this.wide ? BigInt(top) : top;
  }

  /** The guest's memory as it is now: its buffer changes when it grows. */
  #words() {
    const { buffer } = this.#room.memory;
    if (this.#memory?.buffer !== buffer) this.#memory = new Uint32Array(buffer);
    return this.#memory;
  }

  /** Where the last words of a region are: C code that comes to them has gone on into what lies below. */
  #lowest(top) {
    return (Number(top) - this.#regionBytes) / 4;
  }

  #run(enter, args, region) {
    const { get, set } = this.#access;
    const { own, region: current } = this.#hub;
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
      if (isOwn) return;
      const words = this.#words();
      const lowest = this.#lowest(region);
      if (words[lowest] !== CANARY[0] || words[lowest + 1] !== CANARY[1]) {
        throw new RangeError(`a call used more than the ${this.#regionBytes} bytes of C stack that calls beside others have, and wrote over the guest's memory`);
      }
      this.#free.push(region);
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
}
