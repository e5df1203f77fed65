// Promises that WebAssembly takes for numbers: an import that does not suspend has returned one. The engine converts it by
// Object.prototype.valueOf, with the guest's frame next on the stack.

"use strict";

const { isPromise } = require("node:util").types;
const { replace } = require("./proxies.cjs");
const { apply } = Reflect;

class ConversionHooks {
  #stacks;
  #promises;
  #part;
  #slots;

  /**
   * @param {import("./part.cjs").TracePart} part
   * @param {import("./stacks.cjs").StackRecorder} stacks
   * @param {import("./promises.cjs").RejectionWatcher} promises
   */
  constructor(part, stacks, promises) {
    this.#part = part;
    this.#stacks = stacks;
    this.#promises = promises;
    const slot = (/** @type {string} */ how) => stacks.slot(how, { through: true, skip: 0, waits: false });
    this.#slots = { converted: slot("converted"), promising: slot("converted-promising") };
  }

  hook() {
    /** @type {(target: Function, self: any, args: any[]) => any} */
    const valueOf = (target, self, args) => {
      if (isPromise(self)) this.#part.guard(() => this.#converted(self, valueOf));
      return apply(target, self, args);
    };
    replace(Object.prototype, "valueOf", { apply: valueOf });
  }

  /** @type {(promise: Promise<any>, below: Function) => void} */
  #converted(promise, below) {
    if (!this.#stacks.isBelowWasm(below)) return;
    const { converted, promising } = this.#slots;
    this.#stacks.note(this.#promises.isOfPromisingCall(promise) ? promising : converted, below);
  }
}

exports.ConversionHooks = ConversionHooks;
