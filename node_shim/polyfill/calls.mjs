// Calls through `promising`: they begin, are suspended, go on, and end.
//
// What is on the native stack is known without looking at it: each call through `promising` and each import of the
// guest's has an entry (`NativeStack`). A wait is in order if the innermost entry is a call on the same instance. An
// import's entry there means that a JavaScript frame lies between; none means that the export was not called through `promising`.

import { isExportedFunction, isThenable } from "./values.mjs";

/** @typedef {import("./runtime.mjs").AsyncifyRuntime} AsyncifyRuntime */

/** A call through `promising`, from its beginning to its end. */
export class Call {
  /**
   * @param {Function} target the export
   * @param {unknown[]} args
   * @param {(value: unknown) => void} resolve
   * @param {(error: unknown) => void} reject
   */
  constructor(target, args, resolve, reject) {
    this.target = target;
    this.args = args;
    this.resolve = resolve;
    this.reject = reject;
    /** @type {AsyncifyRuntime | null} of its instance; null: not known before an import of the instance's is called */
    this.runtime = null;
    this.isImport = false; // the export is an import that the instance hands on
    /** @type {any} what it waits for */
    this.promise = null;
    /** @type {unknown} the import it waits in */
    this.waitsIn = null;
    /** @type {unknown} what that returns, or throws if `failed` */
    this.value = undefined;
    this.failed = false;
    /** @type {any} its saved stack, while another has the data block */
    this.saved = null;
    /** @type {WebAssembly.Pointer | null} the C stack pointer as it was when the call was entered */
    this.outside = null;
    /** @type {WebAssembly.Pointer | null} and when it was suspended */
    this.pointer = null;
    /** @type {WebAssembly.Pointer | null} the C stack of its own, if it has one */
    this.region = null;
  }
}

/** An import under way. */
export class ImportEntry {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
  }
}

/** @typedef {(Call | ImportEntry)[]} NativeStack what is on the native stack, innermost last */

export class Calls {
  #stack;
  /** @type {WeakMap<Function, {runtime: AsyncifyRuntime, isImport: boolean}>} by exported function */
  #known = new WeakMap();

  /** @param {NativeStack} stack */
  constructor(stack) {
    this.#stack = stack;
  }

  /**
   * Note which instance an exported function is of.
   *
   * @param {Function} exported
   * @param {{runtime: AsyncifyRuntime, isImport: boolean}} facts
   */
  note(exported, facts) {
    if (!this.#known.has(exported)) this.#known.set(exported, facts);
  }

  /**
   * `WebAssembly.promising`.
   *
   * @param {Function} target
   */
  promising(target) {
    if (!isExportedFunction(target)) throw new TypeError("WebAssembly.promising(): Argument 0 must be a WebAssembly exported function");
    const known = this.#known.get(target);
    return (/** @type {unknown[]} */ ...args) =>
      new Promise((resolve, reject) => {
        const call = new Call(target, args, resolve, reject);
        if (known !== undefined) {
          call.runtime = known.runtime;
          call.isImport = known.isImport;
          try {
            call.runtime.begin(call, this.#stack.length > 0);
          } catch (error) {
            return reject(error);
          }
        }
        this.#step(call);
      });
  }

  /**
   * Run a call until it ends or is suspended.
   *
   * @param {Call} call
   */
  #step(call) {
    const depth = this.#stack.push(call);
    let result;
    try {
      result = call.target(...call.args);
    } catch (error) {
      this.#leave(depth);
      call.failed = true;
      this.#fail(call, call.runtime === null ? error : call.runtime.explain(error));
      return;
    }
    this.#leave(depth);
    const { promise, runtime } = call;
    call.promise = null;
    let isSuspended;
    try {
      isSuspended = runtime !== null && runtime.left(call);
    } catch (error) {
      if (isThenable(promise)) Promise.resolve(promise).catch(() => {});
      this.#fail(call, error);
      return;
    }
    if (isSuspended) {
      Promise.resolve(promise).then(
        (value) => this.#resume(call, value, false),
        (error) => this.#resume(call, error, true),
      );
      return;
    }
    call.failed = false;
    runtime?.end(call);
    call.resolve(result);
  }

  /**
   * Take a call's entry away, and what others could not take away for want of stack.
   *
   * @param {number} depth
   */
  #leave(depth) {
    if (this.#stack.length !== depth) this.#stack.length = depth;
    this.#stack.pop();
  }

  /**
   * @param {Call} call
   * @param {unknown} error
   */
  #fail(call, error) {
    call.failed = true;
    call.runtime?.end(call);
    call.reject(error);
  }

  /**
   * @param {Call} call
   * @param {unknown} value
   * @param {boolean} failed
   */
  #resume(call, value, failed) {
    call.value = value;
    call.failed = failed;
    try {
      /** @type {AsyncifyRuntime} */ (call.runtime).rewind(call);
    } catch (error) {
      this.#fail(call, error);
      return;
    }
    this.#step(call);
  }
}
