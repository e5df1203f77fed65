// What went wrong, in words that do not depend on the engine. The texts are those of the engines' own messages;
// the kinds are those of stackswitch/models/case.py. A new engine is more rows, no more code.

import { SuspendError as PolyfillSuspendError } from "../polyfill/suspending.mjs";
import { fromHex } from "../wasm/hex.mjs";

/**
 * Matched in order against the message, lower-cased. V8's texts stand in its src/common/message-template.h; it has
 * one text for a call of null and one of another type, which goes for the latter.
 *
 * @type {[string, RegExp][]}
 */
const TEXTS = [
  ["asyncify-overflow", /^asyncify overflow:/],
  ["asyncify-state", /^asyncify [a-z-]+:/],
  ["suspend-error", /(trying|attempting) to suspend|javascript frames? (found )?between|suspenderror|not on a suspendable stack/],
  ["null-call", /table element is null|call_indirect to a null/],
  ["signature-mismatch", /function signature mismatch|indirect call signature/],
  ["integer-divide-by-zero", /divide by zero|remainder by zero|division by zero/],
  ["integer-overflow", /divide result unrepresentable|integer overflow/],
  ["bad-conversion", /float unrepresentable in integer range|invalid conversion/],
  ["memory-out-of-bounds", /memory access out of bounds|out of bounds memory|memory index is out of range/],
  ["table-out-of-bounds", /table index is out of bounds|table access out of bounds|out of bounds table|index out of bounds/],
  ["bad-cast", /illegal cast|bad cast|cast failure/],
  ["null-reference", /dereferencing a null pointer|null (pointer|reference)/],
  ["stack-overflow", /maximum call stack size exceeded|call stack exhausted|stack overflow|too much recursion/],
  ["unreachable", /unreachable/],
];

/** A host function that a case wants to fail. */
export class HostFailure extends Error {}

/** proc_exit: unwinds the guest. */
export class Exit extends Error {
  /** @param {number} status */
  constructor(status) {
    super(`exit status ${status}`);
    this.status = status;
  }
}

/** JSPI could not have suspended here; ours is thrown where the engine calls the import before it refuses. */
export class SuspendRefused extends Error {}

/** The run has shown that a name is missing from a list, and cannot go on from here. */
export class NameMissing extends Error {}

/** (module (func (export "t") unreachable)) */
const TRAP = "0061736d0100000001040160000003020100070501017400000a05010300000b";
/** @type {(() => void) | undefined} */
let trap;
/** @type {WeakMap<object, any>} */
const meanings = new WeakMap();

/**
 * An error to throw in place of `error`, which no handler of the guest takes: a guest's catch_all takes every
 * exception of JavaScript, but no trap. So the error is one of a real trap; `meant` finds what it stands for.
 *
 * @param {any} error
 * @returns {any}
 */
export function uncatchable(error) {
  trap ??= new WebAssembly.Instance(new WebAssembly.Module(fromHex(TRAP))).exports.t;
  try {
    trap?.();
  } catch (real) {
    meanings.set(real, error);
    return real;
  }
}

/** @type {(error: any) => any} */
export const meant = (error) => meanings.get(error) ?? error;

/** @param {any} error */
export function isSuspendError(error) {
  if (error instanceof SuspendRefused || error instanceof PolyfillSuspendError) return true;
  const own = WebAssembly.SuspendError;
  if (own !== undefined && error instanceof own) return true;
  return error instanceof WebAssembly.RuntimeError && kindOfMessage(error.message) === "suspend-error";
}

/** @param {unknown} message */
export function kindOfMessage(message) {
  const text = String(message).toLowerCase();
  return TEXTS.find(([, pattern]) => pattern.test(text))?.[0] ?? "other";
}

/**
 * @param {any} error
 * @returns {{kind: string, message: string, error?: string}}
 */
export function explain(error) {
  if (error instanceof HostFailure) return { kind: "host-error", message: error.message, error: error.message };
  if (error instanceof Exit) return { kind: "exit", message: error.message };
  if (isSuspendError(error)) return { kind: "suspend-error", message: error.message };
  if (WebAssembly.Exception !== undefined && error instanceof WebAssembly.Exception) {
    return { kind: "uncaught-exception", message: "a wasm exception left the export" };
  }
  // V8 throws a RangeError when the stack is full; what else JavaScript throws was not the guest's doing.
  const isTrap = error instanceof WebAssembly.RuntimeError || error instanceof RangeError || error?.name === "InternalError";
  const message = error instanceof Error ? `${error.name === "RuntimeError" ? "" : `${error.name}: `}${error.message}` : String(error);
  return { kind: isTrap ? kindOfMessage(error.message) : "other", message };
}
