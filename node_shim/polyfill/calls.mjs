// Calls through `promising`: they begin, are suspended, are resumed, and end.

import { Activation, Call, runActivation } from "./activation.mjs";
import { argumentsAgain, convertedArguments, isExportedFunction } from "./values.mjs";

/** @typedef {import("./activation.mjs").Facts} Facts */

/** Not every engine's shell has queueMicrotask. */
const inMicrotask = globalThis.queueMicrotask ?? ((/** @type {() => void} */ action) => void Promise.resolve().then(action));

export class Calls {
  #stack;
  /** @type {WeakMap<Function, Facts>} by exported function */
  #known = new WeakMap();
  #guess;

  /**
   * @param {import("./activation.mjs").NativeStack} stack
   * @param {(exported: Function) => Facts | undefined} guess the facts of a function that is no export, as those of a table
   */
  constructor(stack, guess) {
    this.#stack = stack;
    this.#guess = guess;
  }

  /**
   * Note what is known of an exported function.
   *
   * @param {Function} exported
   * @param {Facts} facts
   */
  note(exported, facts) {
    if (!this.#known.has(exported)) this.#known.set(exported, facts);
  }

  /** @param {Function} exported */
  facts(exported) {
    return this.#known.get(exported);
  }

  /**
   * `WebAssembly.promising`.
   *
   * @param {Function} target
   */
  promising(target) {
    if (typeof target !== "function") throw new TypeError("WebAssembly.promising(): Argument 0 must be a function");
    if (!isExportedFunction(target)) throw new TypeError("WebAssembly.promising(): Argument 0 must be a WebAssembly exported function");
    const facts = this.#known.get(target) ?? this.#guess(target);
    const wrapped = (/** @type {unknown[]} */ ...args) =>
      new Promise((resolve, reject) => {
        try {
          this.#begin(new Call(resolve, reject), target, args, facts);
        } catch (error) {
          reject(error);
        }
      });
    // As the specification makes it: CreateBuiltinFunction(builder, 1, "").
    return Object.defineProperties(wrapped, { length: { value: 1, configurable: true }, name: { value: "", configurable: true } });
  }

  /**
   * @param {Call} call
   * @param {Function} target
   * @param {unknown[]} args
   * @param {Facts | undefined} facts
   */
  #begin(call, target, args, facts) {
    // First of all, and before the call is on the stack: a conversion runs code of the program's, which cannot suspend the call.
    const given = facts?.type ? convertedArguments(args, facts.type.params) : args;
    const activation = new Activation(call, target, given, facts);
    activation.runtime?.begin(activation, this.#stack.length > 0);
    this.#step(activation);
  }

  /**
   * Run a call until it ends or is suspended.
   *
   * @param {Activation} activation
   */
  #step(activation) {
    const { call } = activation;
    let outcome;
    try {
      outcome = runActivation(activation, this.#stack);
    } catch (error) {
      this.#fail(activation, error);
      return;
    }
    if (outcome.isSuspended) {
      if (!activation.facts?.type) activation.args = argumentsAgain(activation.args);
      if (activation.runtime?.mayBeMoved(activation, true)) this.#whenIdle(() => activation.runtime?.correctPointer());
      return;
    }
    activation.runtime?.end(activation, false);
    this.#settle(activation, () => call.resolve(outcome.value));
  }

  /**
   * @param {Activation} activation
   * @param {unknown} error
   */
  #fail(activation, error) {
    activation.call.wait = null;
    activation.runtime?.end(activation, true);
    this.#settle(activation, () => activation.call.reject(error));
  }

  /**
   * The program reacts to a call's end, and its glue may move the C stack pointer then: it is noted right before the first
   * reaction, and corrected right after that.
   *
   * @param {Activation} activation
   * @param {() => void} settle
   */
  #settle(activation, settle) {
    const { runtime } = activation;
    if (!runtime?.mayBeMoved(activation, false)) return settle();
    this.#whenIdle(() => runtime.notePointer());
    settle();
    this.#whenIdle(() => runtime.correctPointer());
  }

  /** @param {() => void} action in a microtask */
  #whenIdle(action) {
    inMicrotask(() => this.#stack.length === 0 && action());
  }

  /**
   * What a call waits for has been settled.
   *
   * @param {Call} call
   * @param {unknown} value
   * @param {boolean} failed
   */
  resume(call, value, failed) {
    const activation = /** @type {Activation} */ (call.root);
    call.wait = null;
    call.value = value;
    call.failed = failed;
    try {
      /** @type {import("./runtime.mjs").AsyncifyRuntime} */ (activation.runtime).rewind(activation);
    } catch (error) {
      this.#fail(activation, error);
      return;
    }
    this.#step(activation);
  }
}
