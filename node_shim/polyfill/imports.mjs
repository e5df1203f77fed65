// What the guest gets in place of its imports: those that may wait suspend the innermost call, the others leave an entry.

import { Call, ImportEntry } from "./calls.mjs";
import { NORMAL } from "./state-machine.mjs";
import { isThenable } from "./values.mjs";

/** @typedef {import("./runtime.mjs").AsyncifyRuntime} AsyncifyRuntime */

/** @type {WeakMap<object, Function>} the functions of `Suspending` objects */
export const hosts = new WeakMap();

/** `WebAssembly.Suspending`. */
export class Suspending {
  /** @param {Function} host */
  constructor(host) {
    if (typeof host !== "function") throw new TypeError("WebAssembly.Suspending(): Argument 0 must be a function");
    hosts.set(this, host);
  }

  get [Symbol.toStringTag]() {
    return "WebAssembly.Suspending";
  }
}

/** Wraps the imports of instances that share a native stack. */
export class Imports {
  #stack;
  #SuspendError;
  #suspendAlways;

  /**
   * @param {import("./calls.mjs").NativeStack} stack
   * @param {new (message: string) => Error} SuspendError
   * @param {boolean} suspendAlways suspend a call even where the import returned no promise, as engines do
   */
  constructor(stack, SuspendError, suspendAlways) {
    this.#stack = stack;
    this.#SuspendError = SuspendError;
    this.#suspendAlways = suspendAlways;
  }

  /**
   * An import that may wait.
   *
   * @param {AsyncifyRuntime} runtime
   * @param {Function} host
   * @param {string} name
   * @param {unknown} dummy what it returns while the stack unwinds
   */
  suspending(runtime, host, name, dummy) {
    const stack = this.#stack;
    const entry = new ImportEntry(name);
    const { machine } = runtime;
    const suspending = (/** @type {unknown[]} */ ...args) => {
      const call = stack[stack.length - 1];
      if (machine.state !== NORMAL && runtime.arrives(/** @type {Call} */ (call), suspending, name)) return arrived(/** @type {Call} */ (call));
      if (!(call instanceof Call) || (call.runtime !== runtime && call.runtime !== null)) throw this.#refusal(call, name);
      if (!runtime.isReady) {
        throw new this.#SuspendError(
          `${name} cannot suspend: the module has no asyncify_start_unwind among its exports: it is no Asyncify build`,
        );
      }
      runtime.prepare();
      if (call.runtime === null) runtime.adopt(call);
      stack.push(entry);
      let value;
      try {
        value = host(...args);
      } finally {
        stack.pop();
      }
      if (!this.#suspendAlways && !isThenable(value)) return value;
      call.promise = value;
      runtime.unwind(call, suspending);
      return dummy;
    };
    return suspending;
  }

  /**
   * Why a wait cannot suspend.
   *
   * @param {Call | ImportEntry | undefined} below
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
    return new this.#SuspendError(
      `trying to suspend across instances: ${name} was called with frames of another instance on the stack, whose Asyncify state is another`,
    );
  }

  /**
   * An import that does not wait: it only leaves its entry, and must not be called in the middle of a switch.
   *
   * @param {AsyncifyRuntime} runtime
   * @param {Function} host
   * @param {string} name
   * @param {number} [arity] how many parameters it has, where that is known
   */
  plain({ machine }, host, name, arity) {
    const stack = this.#stack;
    const entry = new ImportEntry(name);
    const enter = () => {
      machine.plainImport(name);
      stack.push(entry);
    };
    return withArity(host, arity, enter, () => stack.pop());
  }
}

/** @param {Call} call */
function arrived(call) {
  const { value } = call;
  call.value = undefined;
  if (!call.failed) return value;
  call.failed = false;
  throw value;
}

/**
 * A function that runs `enter`, the host and `leave`. Where the number of parameters is known it has that many: engines
 * call such functions sooner than those with rest parameters.
 *
 * @param {Function} host
 * @param {number | undefined} arity
 * @param {() => void} enter
 * @param {() => void} leave
 */
function withArity(host, arity, enter, leave) {
  switch (arity) {
    case 0:
      return () => {
        enter();
        try {
          return host();
        } finally {
          leave();
        }
      };
    case 1:
      return (/** @type {unknown} */ a) => {
        enter();
        try {
          return host(a);
        } finally {
          leave();
        }
      };
    case 2:
      return (/** @type {unknown} */ a, /** @type {unknown} */ b) => {
        enter();
        try {
          return host(a, b);
        } finally {
          leave();
        }
      };
    case 3:
      return (/** @type {unknown} */ a, /** @type {unknown} */ b, /** @type {unknown} */ c) => {
        enter();
        try {
          return host(a, b, c);
        } finally {
          leave();
        }
      };
    default:
      return (/** @type {unknown[]} */ ...args) => {
        enter();
        try {
          return host(...args);
        } finally {
          leave();
        }
      };
  }
}
