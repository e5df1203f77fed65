// Puts Proxies in the place of native functions. A Proxy keeps name, length, prototype, `instanceof`, errors and the order of
// what happens. What it does not keep is set right here: a prototype's `constructor`, and what `toString` prints.
//
// A trap may be a getter of the handler: it runs before the call and returns undefined, so that the engine goes on to the
// native function itself. Unlike a function that calls the native one it has no frame on the stack of what happens then.

"use strict";

const { CompileError, LinkError } = WebAssembly;
const { apply, construct } = Reflect;
const { defineProperty, getOwnPropertyDescriptor, setPrototypeOf } = Object;
const { captureStackTrace } = Error;
const originals = new WeakMap();

/** @typedef {Required<ProxyHandler<any>>["construct"]} ConstructTrap */

/**
 * @param {Function} original
 * @param {ProxyHandler<any>} handler
 * @returns {any} a Proxy of a function, which prints as that function does
 */
function proxied(original, handler) {
  const proxy = new Proxy(original, setPrototypeOf(handler, null));
  originals.set(proxy, original);
  return proxy;
}

/**
 * Put a Proxy in a property's place.
 *
 * @param {object} object
 * @param {string} name
 * @param {ProxyHandler<any>} handler
 * @param {"value" | "get"} part the function that is replaced
 * @returns {Function | undefined} the Proxy; undefined: there is no such function
 */
function replace(object, name, handler, part = "value") {
  const found = getOwnPropertyDescriptor(object, name);
  if (typeof found?.[part] !== "function") return undefined;
  const original = found[part];
  const proxy = proxied(original, handler);
  defineProperty(object, name, { ...found, [part]: proxy });
  const { prototype } = original;
  const link = prototype && getOwnPropertyDescriptor(prototype, "constructor");
  if (link?.value === original) defineProperty(prototype, "constructor", { ...link, value: proxy });
  return proxy;
}

/** Have `toString` print proxied functions as the originals. */
function replaceToString() {
  replace(Function.prototype, "toString", { apply: (target, self, args) => apply(target, originals.get(self) ?? self, args) });
}

/**
 * Construct what a trap was asked to. The stack of an error of the engine's own does not show us.
 *
 * @param {Function} target
 * @param {any[]} args
 * @param {Function} newTarget
 * @param {ConstructTrap} trap
 */
function constructed(target, args, newTarget, trap) {
  try {
    return construct(target, args, newTarget);
  } catch (error) {
    if (isRefusal(error)) captureStackTrace(error, trap);
    throw error;
  }
}

/**
 * Whether the engine itself has thrown, not a function of the program that it called.
 *
 * @param {unknown} error
 */
function isRefusal(error) {
  if (!(error instanceof CompileError || error instanceof LinkError || error instanceof TypeError)) return false;
  const [innermost] = /^\s+at .*$/m.exec(String(error.stack)) ?? [];
  return innermost?.includes(__filename) ?? false;
}

module.exports = { constructed, proxied, replace, replaceToString };
