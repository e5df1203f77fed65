// Puts Proxies in the place of native functions. A Proxy keeps name, length, prototype, `instanceof`, errors and the order of
// what happens. What it does not keep is set right here: a prototype's `constructor`, and what `toString` prints.
//
// A trap may be a getter of the handler: it runs before the call and returns undefined, so that the engine goes on to the
// native function itself. Unlike a function that calls the native one it has no frame on the stack of what happens then.

"use strict";

const { apply } = Reflect;
const { defineProperty, getOwnPropertyDescriptor, setPrototypeOf } = Object;
const originals = new WeakMap();

/**
 * @param {Function} original
 * @param {object} handler
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
 * @param {object} handler
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
  const printed = (/** @type {Function} */ target, /** @type {object} */ self, /** @type {unknown[]} */ args) => apply(target, originals.get(self) ?? self, args);
  replace(Function.prototype, "toString", { apply: printed });
}

module.exports = { proxied, replace, replaceToString };
