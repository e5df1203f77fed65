// Switching stacks by Asyncify, through the polyfill: for builds that are instrumented.

import { CallQueue } from "../jspi/call-queue.mjs";
import { createSwitching } from "../polyfill/core.mjs";

/** @typedef {import("./plan.d.ts").CaseSwitching} CaseSwitching */

export class AsyncifySwitching {
  suspendsAlways = false;

  /** @type {Set<string>} */
  notes = new Set();

  #polyfill;
  #guard;
  /** @type {Map<string, Set<number>>} */
  #instrumented;
  /** @type {WeakMap<Function, {queue: CallQueue, why: string}>} exported functions whose calls run one after another */
  #queued = new WeakMap();

  /** @param {import("./plan.d.ts").AsyncifyPlan} plan */
  constructor({ buffer_bytes: stackBytes, guard }) {
    // The guests of cases have no allocator that would take pages which the host has added.
    this.#polyfill = createSwitching({ stackBytes: stackBytes ?? undefined, growMemory: true, suspendAlways: false });
    this.#guard = guard;
    this.#instrumented = new Map(Object.entries(guard?.instrumented ?? {}).map(([name, indexes]) => [name, new Set(indexes)]));
  }

  /** @type {CaseSwitching["suspending"]} */
  suspending(host) {
    return new this.#polyfill.Suspending(host);
  }

  /** @type {CaseSwitching["promising"]} */
  promising(exported, { isNested = false } = {}) {
    const enter = this.#polyfill.promising(exported);
    const queued = this.#queued.get(exported);
    if (queued === undefined) return (args, returned, failed) => enter(...args).then(returned, failed);
    const onWait = () => this.notes.add(`calls ran one after another: ${queued.why}`);
    return (args, returned, failed) => queued.queue.begin(() => enter(...args), isNested, onWait).then(returned, failed);
  }

  /** @type {CaseSwitching["plain"]} */
  plain(exported) {
    return exported;
  }

  /** @type {CaseSwitching["compile"]} */
  compile(bytes) {
    return this.#polyfill.remember(new WebAssembly.Module(bytes), this.#polyfill.read(bytes));
  }

  /** @type {CaseSwitching["instantiate"]} */
  instantiate(module, imports, { serial: why = null } = {}) {
    const instance = this.#polyfill.instantiate(module, imports);
    if (why === null) return instance;
    const queue = new CallQueue();
    for (const each of Object.values(instance.exports)) if (typeof each === "function") this.#queued.set(each, { queue, why });
    return instance;
  }

  /** @type {CaseSwitching["canSuspend"]} */
  canSuspend(instance, importName, frames) {
    const functions = this.#instrumented.get(instance);
    if (functions === undefined) return true;
    if (!this.#guard?.imports.includes(importName)) return false;
    return frames.every(([url, index]) => url !== frames[0][0] || functions.has(index));
  }

  /** Whether the C stack pointer is put back after failed calls: here the interpreter does that. */
  restoresPointer() {
    return false;
  }
}
