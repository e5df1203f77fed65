// Instances of Asyncify builds that share a state: their control functions, their data block, their C stacks, the calls on them.

import { STACK_POINTER } from "../wasm/stack-pointer.mjs";
import { Activation } from "./activation.mjs";
import { cStacksOf } from "./c-stack.mjs";
import { dataBlockFor, takesBigInt } from "./data-block.mjs";
import { AsyncifyError } from "./errors.mjs";
import { InstanceMemory } from "./instance-memory.mjs";
import { CallRecord } from "./record.mjs";
import { NORMAL, REWINDING, StateMachine, UNWINDING } from "./state-machine.mjs";

/** @typedef {import("./activation.mjs").ImportEntry} ImportEntry */
/**
 * @typedef {object} RoomOptions
 * @property {number} [stackBytes] room for one saved stack
 * @property {number} [cStackBytes] the C stack of a call that begins while others wait
 * @property {boolean} [growMemory] add pages to the guest's memory although it may take them for its own
 */

const CONTROLS = ["start_unwind", "stop_unwind", "start_rewind", "stop_rewind"];
const NO_CALL = new CallRecord();

export class AsyncifyRuntime {
  /** @type {StateMachine<CallRecord>} */
  machine = new StateMachine();

  /** @type {Record<string, Function> | null} */
  #controls = null;

  /** @type {WebAssembly.Exports} of all instances: those of the first one go first */
  #exports = {};

  /** @type {WebAssembly.Memory | undefined} */
  #imported;

  #mayGrow = true;

  /** @type {InstanceMemory | null} */
  #memory = null;

  /** @type {import("./c-stack.mjs").CStacks | null} */
  #cStacks = null;

  /** @type {import("./data-block.mjs").DataBlock | null} */
  #block = null;

  #room;

  /** @type {FinalizationRegistry<CallRecord> | null} of calls that are suspended, or were */
  #abandoned;

  /** @type {Activation | null} the call that was suspended last */
  #last = null;

  /**
   * @param {RoomOptions} room
   * @param {() => boolean} isIdle whether no code of a guest is on the native stack
   */
  constructor(room, isIdle) {
    this.#room = room;
    this.#abandoned =
      typeof FinalizationRegistry === "undefined" ? null : new FinalizationRegistry((record) => isIdle() && this.#abandon(record));
  }

  /** Whether calls can suspend: not before the instance is made, and only if it is an Asyncify build. */
  get isReady() {
    return this.#controls !== null;
  }

  /**
   * Take what only exists once an instance has been made; side modules share the controls of the main one.
   *
   * @param {WebAssembly.Exports} exports
   * @param {{memory?: WebAssembly.Memory, pointer?: WebAssembly.Global}} imported
   * @param {boolean} mayGrow whether pages can be added to the memory
   */
  connect(exports, { memory, pointer }, mayGrow) {
    if (this.#controls === null && CONTROLS.every((name) => typeof exports[`asyncify_${name}`] === "function")) {
      this.#controls = Object.fromEntries(CONTROLS.map((name) => [name, exports[`asyncify_${name}`]]));
    }
    this.#exports = { ...(pointer && { [STACK_POINTER]: pointer }), ...exports, ...this.#exports };
    this.#imported ??= memory;
    this.#mayGrow &&= mayGrow;
  }

  /** Find the memory and the C stack: when the first call begins, as the guest's own `malloc` may need a constructor. */
  #prepareMemory() {
    if (this.#memory !== null) return this.#memory;
    this.#memory = new InstanceMemory(this.#exports, this.#imported, takesBigInt(this.controls), this.#room.growMemory ?? this.#mayGrow);
    this.#cStacks = cStacksOf(this.#exports, this.#memory, this.#room.cStackBytes);
    return this.#memory;
  }

  /** Make the data block, which a call needs before it can suspend; throws if there is no room for it. */
  prepare() {
    if (this.#block !== null) return;
    this.#block = dataBlockFor(this.#exports, this.#prepareMemory(), this.#room.stackBytes);
  }

  get controls() {
    return /** @type {Record<string, Function>} */ (this.#controls);
  }

  get block() {
    return /** @type {import("./data-block.mjs").DataBlock} */ (this.#block);
  }

  /** @param {AsyncifyRuntime} other */
  sharesMemoryWith(other) {
    return this.#prepareMemory().memory === other.#prepareMemory().memory;
  }

  // --- calls

  /**
   * @param {Activation} activation
   * @param {boolean} isNested whether frames of the guest may lie below it
   * @param {boolean} [hasCStack] whether it is on a C stack of this instance's
   */
  begin({ record }, isNested, hasCStack = true) {
    if (this.#controls === null) return;
    this.machine.enter();
    this.#prepareMemory();
    if (hasCStack) this.#cStacks?.begin(record, isNested);
  }

  /**
   * Take a call whose instance was not known when it began.
   *
   * @param {Activation} activation
   */
  adopt(activation) {
    activation.runtime = this;
    this.#cStacks?.adopt(activation.record);
  }

  /**
   * @param {Activation} activation
   * @param {boolean} failed
   */
  end({ record }, failed) {
    if (this.#last?.record === record) this.#last = null;
    else if (record.wasResumed) this.#abandoned?.unregister(record);
    if (this.machine.forget(record)) this.#block?.clear();
    if (record.outside !== null) this.#cStacks?.end(record, failed);
  }

  /**
   * Notice when a suspended call is collected. The last one is held until another is suspended: calls that end one after the other,
   * as most do, need not be registered.
   *
   * @param {Activation} activation
   */
  #watch(activation) {
    const before = this.#last;
    this.#last = activation;
    if (before !== null) this.#abandoned?.register(before, before.record, before.record);
  }

  /**
   * A suspended call was collected, with the promise that it waited for.
   *
   * @param {CallRecord} record
   */
  #abandon(record) {
    if (this.machine.forget(record)) this.#block?.clear();
    this.#cStacks?.abandon(record);
  }

  /**
   * Whether the C stack pointer has to be corrected once the program has reacted to a call that has been suspended or has ended.
   *
   * @param {Activation} activation
   * @param {boolean} isSuspended
   */
  mayBeMoved({ record }, isSuspended) {
    const stacks = this.#cStacks;
    return stacks !== null && stacks.mayBeMoved && (isSuspended ? !record.wasResumed : stacks.hasOpenCalls || record.wasResumed);
  }

  notePointer() {
    this.#cStacks?.note();
  }

  correctPointer() {
    this.#cStacks?.correct();
  }

  // --- suspending, and going on

  /** @param {CallRecord} record */
  #claim(record) {
    const before = this.machine.claim(record);
    if (before !== null) before.saved = this.block.takeOut(before.saved?.buffer ?? null);
  }

  /**
   * Begin to unwind: the import `which` waits.
   *
   * @param {Activation} activation
   * @param {Function} which
   * @param {string} name of the import
   */
  unwind({ record }, which, name) {
    record.importName = name;
    this.#claim(record);
    this.machine.unwind(record, which);
    this.controls.start_unwind(this.block.address);
  }

  /**
   * The export of a call has returned: whether the call is now suspended (else it is done).
   *
   * @param {Activation} activation
   */
  left(activation) {
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
    if (saved === 0 && !activation.facts?.isImport) throw new AsyncifyError("nothing-saved");
    const { record } = activation;
    if (record.outside !== null) this.#cStacks?.leave(record);
    if (!record.wasResumed) this.#watch(activation);
    return true;
  }

  /**
   * Begin to rewind.
   *
   * @param {Activation} activation
   */
  rewind({ record }) {
    this.machine.enter();
    if (this.machine.owner !== record) {
      this.#claim(record);
      this.block.putBack(/** @type {import("./data-block.mjs").SavedStack} */ (record.saved));
    }
    if (record.outside !== null) this.#cStacks?.enter(record);
    record.wasResumed = true;
    this.machine.rewind(record);
    this.controls.start_rewind(this.block.address);
  }

  /**
   * An import that may wait is called: whether a rewind has come to it, and it returns its result.
   *
   * @param {Activation | ImportEntry | undefined} top the innermost entry of the native stack
   * @param {Function} which
   * @param {string} name of the import
   */
  arrives(top, which, name) {
    const saved = this.machine.state === REWINDING ? this.block.saved : 0;
    if (!this.machine.waitingImport(top instanceof Activation ? top.record : NO_CALL, which, saved, name)) return false;
    this.controls.stop_rewind();
    return true;
  }

  /**
   * What an error that ended an export means. The instance is brought back to where other calls can run.
   *
   * @param {any} error
   * @param {Activation} activation the part of the call that it ended
   */
  explain(error, { record }) {
    const { state } = this.machine;
    if (state === NORMAL) return error;
    this.#reset();
    if (error instanceof AsyncifyError) return error;
    if (state === UNWINDING && error instanceof WebAssembly.RuntimeError && /out of bounds/i.test(error.message)) {
      return new AsyncifyError("overflow", "it ran out of its memory", { cause: error });
    }
    const message = String(error?.message ?? error);
    const place = `${message}; it waited in ${record.importName}: the build's lists lack that import, or a function on the stack`;
    return new AsyncifyError("trap-while-switching", state === REWINDING ? place : message, { cause: error });
  }

  #reset() {
    const { stop_unwind: stopUnwind, stop_rewind: stopRewind } = this.controls;
    const stop = this.machine.state === UNWINDING ? stopUnwind : stopRewind;
    this.block.clear(); // the guest would check it too, with a trap
    this.machine.reset();
    stop();
  }
}
