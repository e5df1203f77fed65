// Instances of the guest's modules, and calls of their exports.

import { WASI_MODULE } from "../wasi/preview1.mjs";
import { HostImport } from "./host.mjs";
import { fromWire, toWire } from "./values.mjs";

/** @typedef {import("./plan.d.ts").InstancePlan} InstancePlan */
/** @typedef {{values?: string[], error?: any, thrown?: any}} Outcome results, or an error: what it means, and what the guest's caller gets */

/** A call of an export, from its beginning to its end. */
export class Call {
  #stackPointer;

  /** @type {Set<() => void>} what rejects each thing it waits for */
  waits = new Set();

  /** @type {Promise<void> | null} resolves when the call has ended; null: it ended at once */
  promise = null;

  /** @type {Outcome | null} null: it has not ended */
  ended = null;

  suspensions = 0; // its own, not those of the calls that its host functions make
  cancelled = false;

  /**
   * @param {Instance} instance
   * @param {string} exportName
   * @param {Call | null} parent the call whose host function makes this one
   */
  constructor(instance, exportName, parent) {
    this.instance = instance;
    this.export = exportName;
    this.parent = parent;
    this.#stackPointer = instance.exports.__stack_pointer?.value; // of the guest's C stack
  }

  /** @type {boolean} */
  get isCancelled() {
    return this.cancelled || (this.parent?.isCancelled ?? false);
  }

  get isWaiting() {
    return this.waits.size > 0;
  }

  get outcome() {
    return /** @type {Outcome} */ (this.ended);
  }

  /** Give back what abandoned frames had taken of the C stack: only they would have done it. */
  restoreStackPointer() {
    const { exports, run } = this.instance;
    if (run.switching.restoresPointer(exports[this.export])) return;
    const pointer = exports.__stack_pointer;
    if (this.#stackPointer !== undefined && pointer.value !== this.#stackPointer) pointer.value = this.#stackPointer;
  }
}

/** An instance, made for a run by its plan. */
export class Instance {
  /** @type {WebAssembly.Exports} */
  exports = {};

  /** @type {Map<string, import("../jspi/switching.mjs").Entry>} */
  #promising = new Map();

  /** @type {Set<Call>} calls under way */
  open = new Set();

  /**
   * @param {import("./run.mjs").Run} run
   * @param {InstancePlan} plan
   */
  constructor(run, plan) {
    this.run = run;
    this.plan = plan;
    this.name = plan.name;
  }

  /** @param {WebAssembly.Module} module */
  instantiate(module) {
    /** @type {WebAssembly.Imports} */
    const imports = {};
    for (const spec of this.plan.imports) {
      imports[spec.module] ??= {};
      imports[spec.module][spec.name] = this.#provide(spec);
    }
    this.run.active.push({ kind: "start", name: this.name });
    try {
      this.exports = this.run.switching.instantiate(module, imports, this.plan.calls).exports;
    } finally {
      this.run.active.pop();
    }
    return this;
  }

  /** @param {import("./plan.d.ts").ImportPlan} spec */
  #provide(spec) {
    const { run } = this;
    const provider = run.instances.get(spec.module);
    if (provider !== undefined) return provider.exports[spec.name];
    const entries = run.entries.get(`${spec.module}.${spec.name}`);
    if (entries !== undefined) return new HostImport(this, spec, entries).make();
    if (spec.module === WASI_MODULE && run.wasi !== null) return run.wasi.functionFor(spec.name, this);
    throw new TypeError(`nothing provides ${spec.module}.${spec.name}`);
  }

  get memory() {
    return this.plan.memory === null ? undefined : this.exports[this.plan.memory.name];
  }

  /** @param {string} text */
  fromWire(text) {
    return fromWire(text, this.run.references, (name) => this.exports[name]);
  }

  /**
   * @param {any} value
   * @param {string} kind
   */
  toWire(value, kind) {
    const nameOf = (/** @type {unknown} */ wanted) => Object.keys(this.plan.functions).find((name) => this.exports[name] === wanted);
    return toWire(value, kind, this.run.references, nameOf);
  }

  /**
   * @param {string} exportName
   * @param {boolean} isNested whether a call under way waits for it
   */
  entry(exportName, isNested) {
    const key = `${isNested} ${exportName}`;
    let entry = this.#promising.get(key);
    if (entry === undefined) this.#promising.set(key, (entry = this.run.switching.promising(this.exports[exportName], { isNested })));
    return entry;
  }

  /**
   * @param {{at: number, size: number}[]} slices of the memory
   * @returns {string[]} as hex; empty where one lies outside
   */
  read(slices) {
    const buffer = this.memory?.buffer;
    return slices.map(({ at, size }) => {
      if (buffer === undefined || at + size > buffer.byteLength) return "";
      return Array.from(new Uint8Array(buffer, at, size), (byte) => byte.toString(16).padStart(2, "0")).join("");
    });
  }

  /** @param {string[]} names */
  globals(names) {
    /** @type {Record<string, string>} */
    const out = {};
    for (const name of names) {
      const global = this.exports[name];
      if (global instanceof WebAssembly.Global) out[name] = this.toWire(global.value, this.plan.globals[name]);
    }
    return out;
  }
}
