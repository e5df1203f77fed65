// The bytes of a response that is compiled as it comes: each chunk is looked at on its way to the engine. The response is
// not cloned, and nothing waits for us.

"use strict";

const { isPromise } = require("node:util").types;
const nativeThen = Promise.prototype.then;
const { apply } = Reflect;
const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf } = Object;
const { asyncIterator } = Symbol;

/**
 * @param {any} source what the program compiles
 * @param {(bytes: Buffer) => void} take called before the engine has the last of it
 * @returns {boolean} false: it comes by a promise that may tell the program who asks, and is not looked at
 */
function tapSource(source, take) {
  if (!isPromise(source)) tapResponse(source, take);
  else if (getPrototypeOf(source) !== Promise.prototype) return false;
  else apply(nativeThen, source, [(response) => tapResponse(response, take), () => {}]);
  return true;
}

/** @type {(response: any, take: (bytes: Buffer) => void) => void} */
function tapResponse(response, take) {
  let body;
  try {
    // Not before it is needed: Node loads its whole HTTP client at the first look at Response.
    const getter = getOwnPropertyDescriptor(globalThis.Response.prototype, "body")?.get;
    body = apply(/** @type {() => any} */ (getter), response, []);
  } catch {
    return; // no response: the engine says so to the program
  }
  if (body === null || body.locked) return;
  const iterate = body[asyncIterator];
  const value = (/** @type {any[]} */ ...args) => {
    delete body[asyncIterator];
    return tapIterator(apply(iterate, body, args), take);
  };
  defineProperty(body, asyncIterator, { value, configurable: true });
}

/**
 * @param {AsyncIterator<Uint8Array>} iterator
 * @param {(bytes: Buffer) => void} take
 */
function tapIterator(iterator, take) {
  const { next } = iterator;
  /** @type {Uint8Array[]} */
  const chunks = [];
  const look = (/** @type {IteratorResult<Uint8Array>} */ { done, value }) => (done ? take(Buffer.concat(chunks)) : chunks.push(value));
  iterator.next = (/** @type {any[]} */ ...args) => {
    const result = apply(next, iterator, args);
    apply(nativeThen, result, [look, () => {}]);
    return result;
  };
  return iterator;
}

module.exports = { tapSource };
