// A call through `promising`, and its parts. What is on the native stack is known without looking at it: each running part of a
// call and each import of the guest's has an entry (`NativeStack`). A wait is in order if the innermost entry is a part of a call
// on the same instance. An import's entry there means that a JavaScript frame lies between; none means that the export was
// not called through `promising`.

import { CallRecord } from "./record.mjs";

/** @typedef {import("./runtime.mjs").AsyncifyRuntime} AsyncifyRuntime */
/** @typedef {import("./types.mjs").MaybeType} MaybeType */
/** @typedef {(Activation | ImportEntry)[]} NativeStack what is on the native stack, innermost last */

/**
 * What is known of an exported function.
 *
 * @typedef {object} Facts
 * @property {AsyncifyRuntime | null} runtime of its instance; null: the instance has nothing to do with the polyfill
 * @property {MaybeType} type
 * @property {boolean} isImport whether it is an import that the instance exports again
 * @property {Function | null} host the function of a `Suspending` object, if that was imported
 */

/** A call through `promising`, from its beginning to its end. */
export class Call {
  /** @type {unknown} what the import that it waits in returns, or throws if `failed` */
  value = undefined;
  failed = false;

  /** @type {symbol | null} what it waits for: a promise that is settled later than its call has ended resumes nothing */
  wait = null;

  /** @type {Activation | null} its part in the instance whose export `promising` was given */
  root = null;

  /**
   * @param {(value: unknown) => void} resolve
   * @param {(error: unknown) => void} reject
   */
  constructor(resolve, reject) {
    this.resolve = resolve;
    this.reject = reject;
  }
}

/** The part of a call that runs in one instance: an export, which returns, throws, or is suspended and called again. */
export class Activation {
  /** What the instance keeps of it. */
  record = new CallRecord();

  /** @type {Activation | null} the part in the instance that this one has called, while both are suspended */
  inner = null;

  /**
   * @param {Call} call
   * @param {Function} target the export
   * @param {unknown[]} args
   * @param {Facts | undefined} facts
   */
  constructor(call, target, args, facts) {
    this.call = call;
    call.root ??= this;
    this.target = target;
    this.args = args;
    this.facts = facts;
    /** @type {AsyncifyRuntime | null} null: not known before an import of the instance's is called */
    this.runtime = facts?.runtime ?? null;
  }
}

/** An import that runs. */
export class ImportEntry {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
  }
}

/**
 * Run an activation until its export returns, throws, or is suspended.
 *
 * @param {Activation} activation
 * @param {NativeStack} stack
 * @returns {{isSuspended: boolean, value: unknown}}
 */
export function runActivation(activation, stack) {
  const depth = stack.push(activation);
  let value;
  try {
    value = activation.target(...activation.args);
  } catch (error) {
    leave(stack, depth);
    throw activation.runtime === null ? error : activation.runtime.explain(error, activation);
  }
  leave(stack, depth);
  return { isSuspended: activation.runtime !== null && activation.runtime.left(activation), value };
}

/**
 * Take an entry away, and those that others could not take away for want of stack.
 *
 * @param {NativeStack} stack
 * @param {number} depth
 */
function leave(stack, depth) {
  if (stack.length !== depth) stack.length = depth;
  stack.pop();
}
