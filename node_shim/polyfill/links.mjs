// An instance that imports another's exports, where each has an Asyncify state of its own: a wait unwinds one after the
// other, innermost first, and a rewind goes the other way.

import { Activation, runActivation } from "./activation.mjs";
import { NORMAL } from "./state-machine.mjs";
import { dummyResult } from "./types.mjs";

/** @typedef {import("./runtime.mjs").AsyncifyRuntime} AsyncifyRuntime */
/** @typedef {import("./activation.mjs").Facts} Facts */

/**
 * What an instance gets in place of an import that is another instance's export.
 *
 * @param {import("./activation.mjs").NativeStack} stack
 * @param {AsyncifyRuntime} runtime of the instance that imports
 * @param {Function} target
 * @param {Facts & {runtime: AsyncifyRuntime}} facts of the target
 * @param {string} name of the import
 */
export function link(stack, runtime, target, facts, name) {
  const { machine } = runtime;
  const inside = facts.runtime;
  const dummy = dummyResult(facts.type);

  /** @param {Activation} outer @param {unknown[]} args */
  function begin(outer, args) {
    const inner = new Activation(outer.call, target, args, facts);
    inside.begin(inner, true, !inside.sharesMemoryWith(runtime));
    return inner;
  }

  /** @param {Activation} outer */
  function resume(outer) {
    const inner = /** @type {Activation} */ (outer.inner);
    outer.inner = null;
    inside.rewind(inner);
    return inner;
  }

  /** @param {Activation} outer @param {Activation} inner */
  function run(outer, inner) {
    try {
      const outcome = runActivation(inner, stack);
      if (outcome.isSuspended) runtime.prepare();
      return outcome;
    } catch (error) {
      inside.end(inner, true);
      outer.call.wait = null;
      throw error;
    }
  }

  const linked = (/** @type {unknown[]} */ ...args) => {
    const outer = stack[stack.length - 1];
    const arrives = machine.state !== NORMAL && runtime.arrives(outer, linked, name);
    // Without a call to suspend, what waits inside says why it cannot.
    if (!(outer instanceof Activation) || outer.runtime !== runtime) return target(...args);
    const inner = arrives ? resume(outer) : begin(outer, args);
    const { isSuspended, value } = run(outer, inner);
    if (!isSuspended) {
      inside.end(inner, false);
      return value;
    }
    outer.inner = inner;
    runtime.unwind(outer, linked, name);
    return dummy;
  };
  return linked;
}
