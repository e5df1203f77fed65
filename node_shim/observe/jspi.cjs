// JSPI as the program uses it: the imports that may suspend, each wrapped to note its waits, and the exports that are promising.

"use strict";

const { isAsyncFunction, isPromise, isProxy } = require("node:util").types;
const { constructed, proxied } = require("./proxies.cjs");
const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf, hasOwn } = Object;
const nativeThen = Promise.prototype.then;
const { apply, construct, get } = Reflect;

/** @typedef {import("./stacks.cjs").Slot} Slot */
/** @typedef {import("./proxies.cjs").ConstructTrap} ConstructTrap */

/**
 * Whether Emscripten's glue marks a function as asynchronous: a library function with `__async`. No code of it runs.
 *
 * @param {Function} host
 */
function isMarkedAsync(host) {
  return !isProxy(host) && getOwnPropertyDescriptor(host, "isAsync")?.value === true;
}

/** @param {unknown} value */
const isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";

/**
 * An object that gives what another has, each property as `change` returns it. Its own target is empty: the other one may be a Proxy.
 *
 * @param {object} object
 * @param {(value: any, key: any) => unknown} change
 */
const reading = (object, change) => new Proxy({ __proto__: null }, { get: (_, key) => change(get(object, key), key) });

class JspiHooks {
  #part;
  #stacks;
  #errors;
  #promises;
  /** @type {WeakMap<object, Slot>} by what the program imports */
  #slots = new WeakMap();
  #waits = false; // whether the program has made an import that may suspend
  /** @type {Set<number>} indexes of promising exports */
  #promised = new Set();

  #calls;

  /**
   * @param {import("./part.cjs").TracePart} part
   * @param {import("./stacks.cjs").StackRecorder} stacks
   * @param {import("./errors.cjs").ErrorRecorder} errors
   * @param {import("./promises.cjs").RejectionWatcher} promises
   * @param {import("./jspi-calls.cjs").JspiCalls} calls
   */
  constructor(part, stacks, errors, promises, calls) {
    this.#part = part;
    this.#stacks = stacks;
    this.#errors = errors;
    this.#promises = promises;
    this.#calls = calls;
  }

  /** A part begins. */
  begin() {
    for (const index of this.#promised) this.#part.write({ kind: "promising", index });
  }

  /** @param {(name: string, handler: ProxyHandler<any>) => void} replaceApi puts a Proxy in place of a property of WebAssembly */
  hook(replaceApi) {
    /** @type {ConstructTrap} */
    const newInstance = (target, args, newTarget) => constructed(target, this.named(args), newTarget, newInstance);
    replaceApi("Instance", defineProperty({}, "construct", { get: () => (this.#waits ? newInstance : undefined) }));
    /** @type {ConstructTrap} */
    const newSuspending = (target, args, newTarget) => {
      if (typeof args[0] !== "function") return constructed(target, args, newTarget, newSuspending);
      const { slot, observed } = this.#waiting(args[0], { before: true });
      return this.#remember(construct(target, [observed, ...args.slice(1)], newTarget), slot);
    };
    replaceApi("Suspending", { construct: newSuspending });
    // Before Suspending there was WebAssembly.Function with an option; V8 had it until Node 22.
    replaceApi("Function", {
      construct: (target, args, newTarget) => {
        const [type, host, options] = args;
        if (options?.suspending === undefined || typeof host !== "function") return construct(target, args, newTarget);
        const { slot, observed } = this.#waiting(host, { before: false });
        return this.#remember(construct(target, [type, observed, ...args.slice(2)], newTarget), slot);
      },
    });
    replaceApi("promising", { apply: (target, self, args) => this.#promising(apply(target, self, args), args[0]) });
  }

  /**
   * Arguments of an instantiation. Imports that may suspend get the name that the module knows them by, when the engine reads
   * them, in its order and no more often.
   *
   * @param {any[]} args
   */
  named(args) {
    const [source, imports, ...rest] = args;
    if (!this.#waits || !isObject(imports)) return args;
    const named = (/** @type {object} */ space, /** @type {string} */ from) =>
      reading(space, (value, name) => {
        const slot = isObject(value) ? this.#slots.get(value) : undefined;
        if (slot !== undefined) slot.name ??= `${from}.${name}`;
        return value;
      });
    return [source, reading(imports, (space, from) => (isObject(space) ? named(space, from) : space)), ...rest];
  }

  /** @type {(suspending: any, slot: Slot) => any} */
  #remember(suspending, slot) {
    this.#slots.set(suspending, slot);
    return suspending;
  }

  /**
   * The import again, which notes each call that is to be waited for: what is no object is not waited for. An async function's
   * calls all are, so a call is noted before it runs, and nothing of ours is on its stack.
   *
   * @param {Function} host
   * @param {{before: boolean}} how
   */
  #waiting(host, { before }) {
    this.#waits = true;
    const slot = this.#stacks.slot("jspi", { through: false, skip: 0 });
    slot.marked = isMarkedAsync(host);
    const stacks = this.#stacks;
    if (before && isAsyncFunction(host)) {
      const note = () => {
        const call = this.#noted(stacks.note(slot, note));
        if (call !== null) this.#promises.next((promise) => this.#resumed(call, promise));
      }; // a getter: what it returns would be called
      return { slot, observed: proxied(host, defineProperty({}, "apply", { get: note })) };
    }
    /** @type {(this: any, ...args: any[]) => any} */
    const observed = function (...args) {
      const result = apply(host, this, args);
      if (typeof result === "object" && result !== null) waits(stacks.note(slot, observed), result);
      return result;
    };
    const waits = (/** @type {import("./stacks.cjs").Entry | null} */ entry, /** @type {object} */ result) => {
      const call = this.#noted(entry);
      if (call !== null) this.#resumed(call, result);
    };
    return { slot, observed };
  }

  /** @param {import("./stacks.cjs").Entry | null} entry a stack that waits */
  #noted(entry) {
    return this.#part.guard(() => this.#calls.waits(entry), null);
  }

  /**
   * Learn when a call goes on: in the microtask before its own. A promise of the program's own class is left alone.
   *
   * @param {import("./jspi-calls.cjs").Call} call
   * @param {object} promise that it waits for
   */
  #resumed(call, promise) {
    this.#part.guard(() => {
      if (!isPromise(promise) || getPrototypeOf(promise) !== Promise.prototype || hasOwn(promise, "constructor")) return;
      const resumes = () => void this.#part.guard(() => this.#calls.resumes(call));
      apply(nativeThen, promise, [resumes, resumes]);
    });
  }

  /**
   * The promising function again, which watches for the rejection of its promise.
   *
   * @param {Function} made
   * @param {Function} exported
   */
  #promising(made, exported) {
    const index = this.#part.guard(() => {
      const index = Number(getOwnPropertyDescriptor(exported, "name")?.value);
      this.#promised.add(index);
      this.#part.write({ kind: "promising", index });
      return index;
    });
    const note = (/** @type {unknown} */ error) => this.#errors.note(error, `promising ${index}`);
    const before = () =>
      this.#part.guard(() => {
        const call = this.#calls.called(exported, Number(index));
        this.#promises.expect(note, () => this.#calls.ended(call));
      });
    return proxied(made, defineProperty({}, "apply", { get: before }));
  }
}

module.exports = { JspiHooks };
