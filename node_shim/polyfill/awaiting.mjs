// What an import returns, awaited as the specification has it: one PromiseResolve, whose error is thrown into the guest at
// once, and one reaction.

import { isObject } from "./values.mjs";

/** @typedef {import("./activation.mjs").Call} Call */

export class Awaiting {
  #suspendAlways;
  #resume;

  /**
   * @param {boolean} suspendAlways suspend a call even where the import returned no promise, as the specification says
   * @param {(call: Call, value: unknown, failed: boolean) => void} resume called once the value is settled
   */
  constructor(suspendAlways, resume) {
    this.#suspendAlways = suspendAlways;
    this.#resume = resume;
  }

  /**
   * @param {Call} call that waits
   * @param {unknown} value what the import returned
   * @returns whether the call is to be suspended; throws what PromiseResolve throws
   */
  begin(call, value) {
    const awaited = this.#suspendAlways ? value : thenable(value);
    if (awaited === null && !this.#suspendAlways) return false; // a value for the guest as it is
    const wait = (call.wait = Symbol());
    let isSync = true;
    /** @type {{error: unknown} | null} */
    let thrown = null;
    settle(awaited, (result, failed) => {
      if (isSync) thrown = { error: result };
      else if (call.wait === wait) this.#resume(call, result, failed);
    });
    isSync = false;
    if (thrown !== null) throw /** @type {{error: unknown}} */ (thrown).error;
    return true;
  }
}

/**
 * @param {unknown} value
 * @param {(result: unknown, failed: boolean) => void} done called in the very reaction, or at once if PromiseResolve throws
 */
async function settle(value, done) {
  let result;
  try {
    result = await value;
  } catch (error) {
    done(error, true);
    return;
  }
  done(result, false);
}

/**
 * @param {any} value
 * @returns the value if it is to be awaited, else null; `then` is read once
 */
function thenable(value) {
  if (!isObject(value)) return null;
  if (value instanceof Promise) return value;
  const { then } = value;
  if (typeof then !== "function") return null;
  return { then: (/** @type {unknown[]} */ ...both) => Reflect.apply(then, value, both) };
}
