// Switching stacks by JSPI, for instances with a C stack too, so that calls may overlap: adapters in wasm give each call a
// C stack of its own.
//
//     const switching = new JspiSwitching();
//     const module = switching.compile(bytes);
//     const { exports } = switching.instantiate(module, { env: { wait: switching.suspending(async () => 7) } });
//     const run = switching.promising(exports.run);
//     await Promise.all([run(1), run(2)]);
//     switching.notes;    // why calls had to run one after another, if they had to

import { isPointer, pointerFunctionNames, pointerFunctions, STACK_POINTER } from "../wasm/stack-pointer.mjs";
import { makeImports } from "./adapters.mjs";
import { QueuedCalls } from "./call-queue.mjs";
import { CallStacks, REGION_BYTES } from "./call-stacks.mjs";
import { readModule } from "./module.mjs";

/** @typedef {import("./module.mjs").ModuleFacts} ModuleFacts */
/** @typedef {{from: string, name: string, host: Function, type: number}} WaitingImport */

export { hasNativeJspi as hasJspi } from "../polyfill/values.mjs";

/**
 * Return the value that is imported first of a kind, or first of a kind and a name.
 *
 * @param {WebAssembly.Module} module
 * @param {WebAssembly.Imports | undefined} imports
 * @param {string} kind
 * @param {string | null} [wanted]
 */
function imported(module, imports, kind, wanted = null) {
  const found = WebAssembly.Module.imports(module).find((each) => each.kind === kind && (wanted === null || each.name === wanted));
  return found === undefined ? null : imports?.[found.module]?.[found.name] ?? null;
}

export class JspiSwitching {
  /** Whether an import suspends its caller though its result is there at once. */
  suspendsAlways = true;

  /** @type {Set<string>} why calls had to run one after another */
  notes = new Set();

  #separate;
  #regionBytes;
  /** @type {WeakMap<object, Function>} by their Suspending */
  #hosts = new WeakMap();
  /** @type {WeakMap<WebAssembly.Module, ModuleFacts>} */
  #facts = new WeakMap();
  /** @type {WeakMap<Function, CallStacks | QueuedCalls>} by exported function */
  #byFunction = new WeakMap();
  /** @type {WeakMap<object, CallStacks>} by the global that side modules have in common */
  #byPointer = new WeakMap();

  /**
   * @param {object} [options]
   * @param {boolean} [options.separate] whether calls get stacks of their own where they can; without, they share one, as in the engine
   * @param {number} [options.regionBytes] the size of each
   */
  constructor({ separate = true, regionBytes = REGION_BYTES } = {}) {
    this.#separate = separate;
    this.#regionBytes = regionBytes;
  }

  /** Whether the frames of a wait can be suspended: always. */
  canSuspend() {
    return true;
  }

  /** @param {Function} host */
  suspending(host) {
    const made = new WebAssembly.Suspending(host);
    this.#hosts.set(made, host);
    return made;
  }

  /** @param {Uint8Array} bytes */
  compile(bytes) {
    const module = new WebAssembly.Module(bytes);
    if (this.#separate) this.#facts.set(module, readModule(bytes));
    return module;
  }

  /**
   * @param {WebAssembly.Module} module
   * @param {WebAssembly.Imports} imports
   * @param {string | null} [hidden] why the C stack of this module cannot be reached, if it has one; null: it can, or there is none
   */
  instantiate(module, imports, hidden = null) {
    const facts = this.#facts.get(module);
    const found = facts === undefined ? [] : this.#waiting(facts, imports);
    if (facts === undefined || found.length === 0) return new WebAssembly.Instance(module, imports);
    if (hidden !== null) return this.#note(new WebAssembly.Instance(module, imports), this.#queued(hidden));
    const given = imported(module, imports, "global", STACK_POINTER);
    const stacks = this.#stacksFor(module, facts, given);
    if (stacks === null) return new WebAssembly.Instance(module, imports);
    const instance = new WebAssembly.Instance(module, this.#adapted(facts, imports, found, stacks));
    const { exports } = instance;
    const pointer = [exports[STACK_POINTER], given].find(isPointer) ?? pointerFunctions(exports);
    if (pointer === null) return this.#note(instance, this.#queued(`${STACK_POINTER} is not a mutable global`));
    stacks.connect(pointer, exports, imported(module, imports, "memory"));
    if (pointer instanceof WebAssembly.Global) this.#byPointer.set(pointer, stacks);
    return this.#note(instance, stacks);
  }

  /**
   * @param {Function} exported
   * @param {{isNested?: boolean}} [options] `isNested`: whether a call under way on the instance waits for these
   * @returns {(...args: any[]) => Promise<any>}
   */
  promising(exported, { isNested = false } = {}) {
    const stacks = this.#byFunction.get(exported);
    if (stacks === undefined) return WebAssembly.promising(exported);
    const call = stacks.promising(exported);
    return (...args) => call(args, isNested);
  }

  /**
   * Whether the pointer is put back after failed calls of an export: a host must not.
   *
   * @param {Function} exported
   */
  restoresPointer(exported) {
    return this.#byFunction.get(exported) instanceof CallStacks;
  }

  /** @param {string} why */
  #queued(why) {
    return new QueuedCalls(() => this.notes.add(`calls ran one after another: ${why}`));
  }

  /**
   * How calls on an instance of the module are kept apart; null: there is nothing to keep apart.
   *
   * @param {WebAssembly.Module} module
   * @param {ModuleFacts} facts
   * @param {any} given the global that it imports as its pointer
   */
  #stacksFor(module, facts, given) {
    const shared = given === null ? undefined : this.#byPointer.get(given);
    if (shared !== undefined) return shared;
    const names = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
    const hasFunctions = pointerFunctionNames((name) => names.has(name)) !== null;
    if (!isPointer(given) && !names.has(STACK_POINTER) && !hasFunctions) return null;
    const noRoom = () => this.notes.add("calls ran one after another: the guest's memory has no room for another C stack");
    return new CallStacks(facts.wide, this.#regionBytes, noRoom);
  }

  /**
   * The waiting imports of a module that can have an adapter: not those that it imports by two types.
   *
   * @param {ModuleFacts} facts
   * @param {WebAssembly.Imports} imports
   */
  #waiting(facts, imports) {
    /** @type {WaitingImport[]} */
    const found = [];
    for (const [key, type] of facts.imports) {
      const [from, name] = key.split("\0");
      const host = this.#hosts.get(imports?.[from]?.[name] ?? this);
      if (host !== undefined && type !== null) found.push({ from, name, host, type });
    }
    return found;
  }

  /**
   * The imports again, the waiting ones by way of adapters.
   *
   * @param {ModuleFacts} facts
   * @param {WebAssembly.Imports} imports
   * @param {WaitingImport[]} found
   * @param {CallStacks} stacks
   */
  #adapted(facts, imports, found, stacks) {
    const types = found.map(({ type }) => type);
    const hosts = found.map(({ host, type }) => {
      const arity = facts.types[type]?.params.length ?? 0;
      return new WebAssembly.Suspending(stacks.leaving(host, arity));
    });
    const functions = makeImports(facts, stacks.wide, stacks.hub, types, hosts);
    const out = { ...imports };
    for (const [at, { from, name }] of found.entries()) {
      if (out[from] === imports[from]) out[from] = { ...imports[from] };
      out[from][name] = functions[at];
    }
    return out;
  }

  /**
   * @param {WebAssembly.Instance} instance
   * @param {CallStacks | QueuedCalls} stacks
   */
  #note(instance, stacks) {
    for (const value of Object.values(instance.exports)) {
      if (typeof value === "function" && !this.#byFunction.has(value)) this.#byFunction.set(value, stacks);
    }
    return instance;
  }
}
