// One instance of an Asyncify build: its control functions, its data block, its C stack, the calls on it.

import { InstanceMemory } from "../wasm/instance-memory.mjs";
import { cStackOf } from "./c-stack.mjs";
import { dataBlockFor } from "./data-block.mjs";
import { AsyncifyError } from "./errors.mjs";
import { NORMAL, REWINDING, StateMachine, UNWINDING } from "./state-machine.mjs";

/** @typedef {import("./calls.mjs").Call} Call */

const CONTROLS = ["start_unwind", "stop_unwind", "start_rewind", "stop_rewind"];

export class AsyncifyRuntime {
  /** @type {StateMachine<Call>} */
  machine = new StateMachine();

  /** @type {Set<Call>} calls that have begun and not ended, in that order */
  open = new Set();

  /** @type {Record<string, Function> | null} */
  #controls = null;

  /** @type {WebAssembly.Exports} */
  #exports = {};

  /** @type {WebAssembly.Memory | undefined} */
  #imported;

  /** @type {InstanceMemory | null} */
  #memory = null;

  /** @type {import("./c-stack.mjs").CStack | null} */
  #cStack = null;

  /** @type {import("./data-block.mjs").DataBlock | null} */
  #block = null;

  #stackBytes;

  /** @param {number} [stackBytes] room for one saved stack (bytes); undefined: the usual size */
  constructor(stackBytes) {
    this.#stackBytes = stackBytes;
  }

  /** Whether calls can suspend: not before the instance is made, and only if it is an Asyncify build. */
  get isReady() {
    return this.#controls !== null;
  }

  /**
   * Take what only exists once the instance has been made; side modules share the controls of the main one.
   *
   * @param {WebAssembly.Exports} exports
   * @param {WebAssembly.Memory} [imported] the memory that the instance imports
   */
  connect(exports, imported) {
    if (this.#controls !== null || CONTROLS.some((name) => typeof exports[`asyncify_${name}`] !== "function")) return;
    this.#controls = Object.fromEntries(CONTROLS.map((name) => [name, exports[`asyncify_${name}`]]));
    this.#exports = exports;
    this.#imported = imported;
  }

  /** Find the memory and the C stack: when the first call begins, as the guest's own `malloc` may need a constructor. */
  #prepareMemory() {
    if (this.#memory !== null) return this.#memory;
    this.#memory = new InstanceMemory(this.#exports, this.#imported, takesBigInt(this.controls));
    this.#cStack = cStackOf(this.#exports, this.#memory);
    return this.#memory;
  }

  /** Make the data block, which a call needs before it can suspend; throws if there is no room for it. */
  prepare() {
    if (this.#block !== null) return;
    this.#block = dataBlockFor(this.#exports, this.#prepareMemory(), this.#stackBytes);
  }

  get controls() {
    return /** @type {Record<string, Function>} */ (this.#controls);
  }

  get block() {
    return /** @type {import("./data-block.mjs").DataBlock} */ (this.#block);
  }

  // --- calls

  /**
   * @param {Call} call
   * @param {boolean} isNested whether frames of the guest may lie below the call
   */
  begin(call, isNested) {
    if (this.#controls === null) return;
    this.machine.enter();
    this.#prepareMemory();
    this.#cStack?.begin(call, this.open, isNested);
    this.open.add(call);
  }

  /**
   * Take a call whose instance was not known when it began.
   *
   * @param {Call} call
   */
  adopt(call) {
    call.runtime = this;
    this.open.add(call);
    call.outside ??= this.#cStack?.get() ?? null;
  }

  /** @param {Call} call */
  end(call) {
    this.open.delete(call);
    if (this.machine.forget(call)) this.#block?.clear();
    if (call.outside !== null) this.#cStack?.end(call, this.open);
  }

  // --- suspending, and going on

  /** @param {Call} call */
  #claim(call) {
    const before = this.machine.claim(call);
    if (before !== null) before.saved = this.block.takeOut(before.saved?.buffer ?? null);
  }

  /**
   * Begin to unwind: the import `which` waits.
   *
   * @param {Call} call
   * @param {Function} which
   */
  unwind(call, which) {
    this.#claim(call);
    this.machine.unwind(call, which);
    this.controls.start_unwind(this.block.address);
  }

  /**
   * The export of a call has returned: whether the call is now suspended (else it is done).
   *
   * @param {Call} call
   */
  left(call) {
    const { machine } = this;
    if (machine.state === NORMAL) return false;
    const { saved, capacity } = this.block;
    try {
      // Asyncify itself would trap over it when the unwind is stopped.
      if (machine.state === UNWINDING && saved > capacity) throw new AsyncifyError("overflow", `${saved} bytes to save, room for ${capacity}`);
      machine.left();
    } catch (error) {
      this.#reset();
      throw error;
    }
    this.controls.stop_unwind();
    if (saved === 0 && !call.isImport) throw new AsyncifyError("nothing-saved");
    this.#cStack?.leave(call);
    return true;
  }

  /**
   * Begin to rewind.
   *
   * @param {Call} call
   */
  rewind(call) {
    this.machine.enter();
    if (this.machine.owner !== call) {
      this.#claim(call);
      this.block.putBack(call.saved);
    }
    this.#cStack?.enter(call);
    this.machine.rewind(call);
    this.controls.start_rewind(this.block.address);
  }

  /**
   * An import that may wait is called: whether a rewind has come to it, and it returns its result.
   *
   * @param {Call} call the innermost one
   * @param {Function} which
   * @param {string} name of the import
   */
  arrives(call, which, name) {
    const saved = this.machine.state === REWINDING ? this.block.saved : 0;
    if (!this.machine.waitingImport(call, which, saved, name)) return false;
    this.controls.stop_rewind();
    return true;
  }

  /**
   * What an error that ended an export means. The instance is brought back to where other calls can run.
   *
   * @param {any} error
   */
  explain(error) {
    const { state } = this.machine;
    if (state === NORMAL) return error;
    this.#reset();
    if (error instanceof AsyncifyError) return error;
    if (state === UNWINDING && error instanceof WebAssembly.RuntimeError && /out of bounds/i.test(error.message)) {
      return new AsyncifyError("overflow", "it ran out of its memory", { cause: error });
    }
    return new AsyncifyError("trap-while-switching", String(error?.message ?? error), { cause: error });
  }

  #reset() {
    const { stop_unwind: stopUnwind, stop_rewind: stopRewind } = this.controls;
    const stop = this.machine.state === UNWINDING ? stopUnwind : stopRewind;
    this.block.clear(); // the guest would check it too, with a trap
    this.machine.reset();
    stop();
  }
}

/**
 * Whether addresses have 64 bits. An i32 takes no BigInt, and then nothing runs. An i64 does: the guest then looks into
 * a block at 0 and may trap over what it finds, after it has set its state; which is put back.
 *
 * @param {Record<string, Function>} controls
 */
function takesBigInt({ start_unwind: start, stop_unwind: stop }) {
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
