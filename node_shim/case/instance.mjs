// Instances of the guest's modules, and calls of their exports.

import { HostImport } from "./host.mjs";
import { fromWire, toWire } from "./values.mjs";
import { WASI_MODULE } from "../wasi/preview1.mjs";

/** A call of an export, from its beginning to its end. */
export class Call {
  constructor(instance, exportName, parent) {
    this.instance = instance;
    this.export = exportName;
    this.parent = parent ?? null;
    this.suspensions = 0; // its own, not those of the calls that its host functions make
    this.waits = new Set(); // what rejects each thing it waits for
    this.stackPointer = instance.exports.__stack_pointer?.value; // of the guest's C stack
    this.cancelled = false;
    this.promise = null;
    this.ended = null; // {values}, or {error, thrown}: what it means and what the guest's caller gets
  }

  get isCancelled() {
    return this.cancelled || (this.parent?.isCancelled ?? false);
  }

  /** Give back what frames that were abandoned had taken of the C stack, which only they would have. */
  restoreStackPointer() {
    if (this.instance.keepsPointer(this.export)) return;
    const pointer = this.instance.exports.__stack_pointer;
    if (this.stackPointer !== undefined && pointer.value !== this.stackPointer) pointer.value = this.stackPointer;
  }

  get isWaiting() {
    return this.waits.size > 0;
  }
}

/** An instance, made for a run by its plan. */
export class Instance {
  constructor(run, plan) {
    this.run = run;
    this.plan = plan;
    this.name = plan.name;
    this.exports = {};
    this.promising = new Map();
    this.open = new Set(); // calls under way
  }

  instantiate(module) {
    const imports = {};
    for (const spec of this.plan.imports) {
      imports[spec.module] ??= {};
      imports[spec.module][spec.name] = this.#provide(spec);
    }
    this.run.active.push({ kind: "start", name: this.name });
    try {
      this.exports = this.run.switching.instantiate(module, imports, this.plan.calls_in_turn ?? null).exports;
    } finally {
      this.run.active.pop();
    }
    return this;
  }

  #provide(spec) {
    const { run } = this;
    const provider = run.instances.get(spec.module);
    if (provider !== undefined) return provider.exports[spec.name];
    const turns = run.turns.get(`${spec.module}.${spec.name}`);
    if (turns !== undefined) return new HostImport(run, this, spec, turns).make();
    if (spec.module === WASI_MODULE && run.wasi !== null) return run.wasi.functionFor(spec.name, this);
    throw new TypeError(`nothing provides ${spec.module}.${spec.name}`);
  }

  get memory() {
    return this.plan.memory === null ? undefined : this.exports[this.plan.memory.name];
  }

  fromWire(text) {
    return fromWire(text, this.run.references, (name) => this.exports[name]);
  }

  toWire(value, kind) {
    return toWire(value, kind, this.run.references, (wanted) => {
      for (const name of Object.keys(this.plan.functions)) if (this.exports[name] === wanted) return name;
      return undefined;
    });
  }

  /** @param isNested whether a call under way waits for it */
  entry(exportName, isNested) {
    const key = `${isNested} ${exportName}`;
    if (!this.promising.has(key)) this.promising.set(key, this.run.switching.promising(this.exports[exportName], { isNested }));
    return this.promising.get(key);
  }

  /** Whether what switches stacks puts the C stack pointer back after failed calls of an export. */
  keepsPointer(exportName) {
    return this.run.switching.keepsPointer?.(this.exports[exportName]) ?? false;
  }

  read(memory) {
    const buffer = this.memory?.buffer;
    return memory.map(({ at, size }) => {
      if (buffer === undefined || at + size > buffer.byteLength) return "";
      return Array.from(new Uint8Array(buffer, at, size), (byte) => byte.toString(16).padStart(2, "0")).join("");
    });
  }

  globals(names) {
    const out = {};
    for (const name of names) {
      const global = this.exports[name];
      if (global instanceof WebAssembly.Global) out[name] = this.toWire(global.value, this.plan.globals[name]);
    }
    return out;
  }
}
