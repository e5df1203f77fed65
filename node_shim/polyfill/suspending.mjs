// `WebAssembly.Suspending` and `WebAssembly.SuspendError`, in the shape that the specification gives them.

/** @type {WeakMap<object, Function>} the functions of `Suspending` objects */
export const hosts = new WeakMap();

/** `WebAssembly.Suspending`. */
export class Suspending {
  /** @param {Function} jsFun */
  constructor(jsFun) {
    if (typeof jsFun !== "function") throw new TypeError("WebAssembly.Suspending(): Argument 0 must be a function");
    // OrdinaryObjectCreate(suspendingProto): a class that extends this one adds nothing to its objects.
    if (new.target !== Suspending) Object.setPrototypeOf(this, Suspending.prototype);
    hosts.set(this, jsFun);
  }
}
Object.defineProperty(Suspending.prototype, Symbol.toStringTag, { value: "WebAssembly.Suspending", configurable: true });

/**
 * A NativeError: it can be called without `new`, and inherits from `Error`.
 *
 * @returns {any} a class of errors
 */
function makeSuspendError() {
  /** @this {unknown} @param {unknown[]} args a message and options */
  const construct = function SuspendError(...args) {
    return Reflect.construct(Error, args, new.target ?? construct);
  };
  Object.setPrototypeOf(construct, Error);
  Object.defineProperty(construct, "length", { value: 1, configurable: true });
  const hidden = (/** @type {unknown} */ value) => ({ value, writable: true, enumerable: false, configurable: true });
  const prototype = Object.create(Error.prototype, { constructor: hidden(construct), name: hidden("SuspendError"), message: hidden("") });
  Object.defineProperty(construct, "prototype", { value: prototype, writable: false });
  return construct;
}

/** What a wait that cannot suspend throws where the engine has no class of that name. */
export const SuspendError = makeSuspendError();
