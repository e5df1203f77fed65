// How a process ends and what nobody handles, without a listener that the program could count or remove: `process.emit`
// is looked at, and only what Node itself emits.

"use strict";

const { callSites } = require("./stacks.cjs");
const { proxied } = require("./proxies.cjs");
const { getPrototypeOf, defineProperty, hasOwn } = Object;
const { apply } = Reflect;

/** Where Node emits what is looked for. */
const EMITTERS = new Set(["node:internal/process/execution", "node:internal/process/promises"]);
const NEAR = 6; // frames: a program may have put functions of its own around process.emit

/**
 * @param {Record<string, (...args: any[]) => (() => void) | void>} watchers by event; `exit` gets whether the program has ended
 *   because nothing was left to do; each called before the program's own
 *   listeners; what it returns is called after them, if there are any
 */
function watchProcessEnd({ exit, ...watchers }) {
  /** @type {Set<string | undefined>} */
  const ignored = new Set(); // places in Node that emit something else
  const before = function () {
    if (process._exiting) return void exit(callSites(before).length === 0); // else process.exit or an error is on the stack
    const site = callSites(before).slice(0, NEAR).find((/** @type {NodeJS.CallSite} */ each) => EMITTERS.has(String(each.getFileName())));
    const place = site && `${site.getFileName()}:${site.getPosition()}`;
    if (site === undefined || ignored.has(place)) return undefined;
    return (/** @type {Function} */ target, /** @type {object} */ self, /** @type {any[]} */ [event, ...rest]) => {
      if (!hasOwn(watchers, event)) ignored.add(place);
      const after = hasOwn(watchers, event) ? watchers[event](...rest) : undefined;
      const handled = apply(target, self, [event, ...rest]);
      if (handled) after?.();
      return handled;
    };
  };
  // Looked up each time, as from the prototype below: node:domain puts another function there.
  const holder = getPrototypeOf(process);
  const below = getPrototypeOf(holder);
  const handler = defineProperty({}, "apply", { get: before });
  const known = new WeakMap();
  defineProperty(holder, "emit", {
    configurable: true,
    enumerable: false,
    get() {
      const { emit } = below;
      if (!known.has(emit)) known.set(emit, proxied(emit, handler));
      return known.get(emit);
    },
    set(value) {
      defineProperty(this, "emit", { value, writable: true, enumerable: true, configurable: true });
    },
  });
}

module.exports = { watchProcessEnd };
