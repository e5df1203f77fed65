// What the guest gets in place of its imports: those that may wait suspend the innermost call, the others leave an entry.

import { Activation, ImportEntry } from "./activation.mjs";
import { NORMAL } from "./state-machine.mjs";
import { dummyResult } from "./types.mjs";
import { convertedResult, isObject } from "./values.mjs";
import { withArity } from "./with-arity.mjs";

/** @typedef {import("./runtime.mjs").AsyncifyRuntime} AsyncifyRuntime */
/** @typedef {import("./types.mjs").MaybeType} MaybeType */

/** Wraps the imports of instances that share a native stack. */
export class Imports {
  #stack;
  #SuspendError;
  #awaiting;

  /**
   * @param {import("./activation.mjs").NativeStack} stack
   * @param {new (message: string) => Error} SuspendError
   * @param {import("./awaiting.mjs").Awaiting} awaiting
   */
  constructor(stack, SuspendError, awaiting) {
    this.#stack = stack;
    this.#SuspendError = SuspendError;
    this.#awaiting = awaiting;
  }

  /**
   * An import that may wait.
   *
   * @param {AsyncifyRuntime} runtime
   * @param {Function} host
   * @param {string} name
   * @param {MaybeType} type
   */
  suspending(runtime, host, name, type) {
    const stack = this.#stack;
    const entry = new ImportEntry(name);
    const { machine } = runtime;
    const dummy = dummyResult(type);
    const result = this.#conversion(entry, type);
    const suspending = (/** @type {unknown[]} */ ...args) => {
      const top = stack[stack.length - 1];
      if (machine.state !== NORMAL && runtime.arrives(top, suspending, name)) return result(arrived(/** @type {Activation} */ (top)));
      const activation = this.#suspendable(top, runtime, name);
      stack.push(entry);
      try {
        const value = host(...args);
        if (!this.#awaiting.begin(activation.call, value)) return converted(value, type);
      } finally {
        stack.pop();
      }
      runtime.unwind(activation, suspending, name);
      return dummy;
    };
    return suspending;
  }

  /**
   * The part of a call that a wait of this instance suspends; throws a SuspendError where there is none.
   *
   * @param {Activation | ImportEntry | undefined} top
   * @param {AsyncifyRuntime} runtime
   * @param {string} name
   */
  #suspendable(top, runtime, name) {
    if (!(top instanceof Activation) || (top.runtime !== runtime && (top.runtime !== null || top.facts !== undefined))) throw this.#refusal(top, name);
    if (!runtime.isReady) {
      throw new this.#SuspendError(
        `${name} cannot suspend: the module has no asyncify_start_unwind among its exports: it is no Asyncify build`,
      );
    }
    runtime.prepare();
    if (top.runtime === null) runtime.adopt(top);
    return top;
  }

  /**
   * Why a wait cannot suspend.
   *
   * @param {Activation | ImportEntry | undefined} below
   * @param {string} name
   */
  #refusal(below, name) {
    if (below === undefined) {
      return new this.#SuspendError(
        `trying to suspend without WebAssembly.promising: ${name} was called by an export that was called directly, or by a start function`,
      );
    }
    if (below instanceof ImportEntry) {
      return new this.#SuspendError(
        `trying to suspend JavaScript frames: ${name} was called by an export that the import ${below.name} called directly`,
      );
    }
    const why = below.runtime?.isReady ? "whose Asyncify state is another" : "which is no Asyncify build";
    return new this.#SuspendError(`trying to suspend across instances: ${name} was called with frames of another instance on the stack, ${why}`);
  }

  /**
   * An import that does not wait: it only leaves its entry, and must not be called in the middle of a switch.
   *
   * @param {AsyncifyRuntime} runtime
   * @param {Function} host
   * @param {string} name
   * @param {MaybeType} type
   */
  plain({ machine }, host, name, type) {
    const stack = this.#stack;
    const entry = new ImportEntry(name);
    const enter = () => {
      machine.plainImport(name);
      stack.push(entry);
    };
    const convert = (/** @type {unknown} */ value) => (isObject(value) ? converted(value, type) : value);
    return withArity(host, type?.params.length, enter, convert, () => stack.pop());
  }

  /**
   * Converts results as the engine would, with an entry on the stack: code of the program's that runs cannot suspend the call.
   *
   * @param {ImportEntry} entry
   * @param {MaybeType} type
   */
  #conversion(entry, type) {
    const stack = this.#stack;
    return (/** @type {unknown} */ value) => {
      if (!isObject(value)) return value;
      stack.push(entry);
      try {
        return converted(value, type);
      } finally {
        stack.pop();
      }
    };
  }
}

/**
 * @param {unknown} value
 * @param {MaybeType} type
 */
function converted(value, type) {
  return type && isObject(value) ? convertedResult(value, type.results) : value;
}

/** @param {Activation} activation that the rewind has brought to its import */
function arrived({ call }) {
  const { value, failed } = call;
  call.value = undefined;
  call.failed = false;
  if (failed) throw value;
  return value;
}
