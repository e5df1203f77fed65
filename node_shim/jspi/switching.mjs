// Switching stacks by JSPI, for instances with a C stack too: each call has its own where the module has been made for it
// (stackswitch/backends/node/c_stacks.py), else calls run one after another.
//
//     const switching = new JspiSwitching();
//     const module = switching.compile(bytes);
//     const { exports } = switching.instantiate(module, { env: { wait: switching.suspending(async () => 7) } }, how);
//     const run = switching.promising(exports.run);
//     await Promise.all([run([1], show, fail), run([2], show, fail)]);
//     switching.notes;    // why calls had to run one after another, if they had to

import { isPointer, STACK_POINTER } from "../wasm/stack-pointer.mjs";
import { QueuedCalls } from "./call-queue.mjs";
import { CStacks, CallsWithoutWaits } from "./c-stacks.mjs";

/**
 * Calls an export; the promise resolves when the call has ended and one of the two functions has been called. (A promise of
 * its own for what this host does when a call ends would make a call a fifth slower.)
 *
 * @typedef {(args: any[], returned: (value: any) => void, failed: (error: any) => void) => Promise<void>} Entry
 */

/**
 * How calls of an instance are kept apart.
 *
 * @typedef {object} Calls
 * @property {string | null} [serial] why they run one after another; null: they may overlap
 * @property {string[]} [separate] the exports whose calls have a C stack each
 */

export { hasNativeJspi as hasJspi } from "../polyfill/values.mjs";

const NO_ROOM = "the guest's memory has no room for another C stack";

export class JspiSwitching {
  /** Whether an import suspends its caller though its result is there at once. */
  suspendsAlways = true;

  /** @type {Set<string>} why calls had to run one after another */
  notes = new Set();

  /** @type {WeakMap<Function, CStacks | CallsWithoutWaits | QueuedCalls>} by exported function */
  #byFunction = new WeakMap();
  /** @type {WeakMap<object, QueuedCalls>} by the global that instances have in common as their stack pointer */
  #byPointer = new WeakMap();

  /** Whether the frames of a wait can be suspended: always. */
  canSuspend() {
    return true;
  }

  /** @param {Function} host */
  suspending(host) {
    return new WebAssembly.Suspending(host);
  }

  /** @param {Uint8Array} bytes */
  compile(bytes) {
    return new WebAssembly.Module(bytes);
  }

  /**
   * @param {WebAssembly.Module} module
   * @param {WebAssembly.Imports} imports
   * @param {Calls} [calls]
   */
  instantiate(module, imports, { serial = null, separate = [] } = {}) {
    const instance = new WebAssembly.Instance(module, imports);
    const { exports } = instance;
    if (serial !== null) this.#keep(Object.values(exports), this.#queued(serial, exports, imports));
    else if (separate.length > 0) {
      const stacks = new CStacks(exports, () => this.#note(NO_ROOM));
      this.#keep(separate.map((name) => exports[name]), stacks);
      const pointer = exports[STACK_POINTER];
      this.#keep(Object.values(exports), new CallsWithoutWaits(isPointer(pointer) ? pointer : undefined));
    }
    return instance;
  }

  /**
   * @param {Function} exported
   * @param {{isNested?: boolean}} [options] `isNested`: whether a call under way on the instance waits for these
   * @returns {Entry}
   */
  promising(exported, { isNested = false } = {}) {
    const calls = this.#byFunction.get(exported);
    if (calls !== undefined) return calls.promising(exported, isNested);
    const enter = WebAssembly.promising(exported);
    return (args, returned, failed) => enter(...args).then(returned, failed);
  }

  /**
   * The export for ordinary calls.
   *
   * @param {any} exported
   * @returns {(...args: any[]) => any}
   */
  plain(exported) {
    const calls = this.#byFunction.get(exported);
    return calls === undefined || calls instanceof QueuedCalls ? exported : calls.plain(exported);
  }

  /**
   * Whether the C stack of a call that failed is given back here: a host must not move the pointer.
   *
   * @param {Function} exported
   */
  restoresPointer(exported) {
    const calls = this.#byFunction.get(exported);
    return calls !== undefined && !(calls instanceof QueuedCalls);
  }

  /**
   * Whether a call of the instance has left its C stack, so that memory may be damaged.
   *
   * @param {Function} exported
   */
  isDamaged(exported) {
    const calls = this.#byFunction.get(exported);
    return calls instanceof CStacks && calls.isDamaged;
  }

  /**
   * @param {string} why
   * @param {WebAssembly.Exports} exports
   * @param {WebAssembly.Imports} imports
   */
  #queued(why, exports, imports) {
    const pointer = [exports[STACK_POINTER], ...Object.values(imports).map((each) => each[STACK_POINTER])].find(isPointer);
    const known = pointer && this.#byPointer.get(pointer);
    if (known) return known;
    const queued = new QueuedCalls(() => this.#note(why));
    if (pointer) this.#byPointer.set(pointer, queued);
    return queued;
  }

  /** @param {string} why */
  #note(why) {
    this.notes.add(`calls ran one after another: ${why}`);
  }

  /**
   * @param {any[]} functions
   * @param {CStacks | CallsWithoutWaits | QueuedCalls} calls
   */
  #keep(functions, calls) {
    for (const each of functions) if (typeof each === "function" && !this.#byFunction.has(each)) this.#byFunction.set(each, calls);
  }
}
