// JSPI's two functions over Asyncify: `Suspending` wraps imports, `promising` wraps exports, `instantiate` joins them.

import { Calls } from "./calls.mjs";
import { SuspendError as OwnSuspendError } from "./errors.mjs";
import { hosts, Imports, Suspending } from "./imports.mjs";
import { AsyncifyRuntime } from "./runtime.mjs";
import { dummyResult, moduleTypes } from "./types.mjs";
import { bytesOf, isExportedFunction } from "./values.mjs";

/** @typedef {import("./types.mjs").ModuleTypes} ModuleTypes */
/** @typedef {{Module: typeof WebAssembly.Module, Instance: typeof WebAssembly.Instance, SuspendError?: any}} Native */
/** @typedef {{imports: WebAssembly.Imports, connect: (exports: WebAssembly.Exports) => void}} Joint */

const STATE_GLOBAL = "__asyncify_state";
const NO_TYPES = moduleTypes(new Uint8Array());

/** Joins modules, their imports and their exports; all of its instances share a native stack. */
class Switching {
  #native;
  #stackBytes;
  #calls;
  #imports;
  /** @type {WeakMap<WebAssembly.Module, ModuleTypes>} */
  #types = new WeakMap();
  /** @type {WeakMap<object, AsyncifyRuntime>} by the state's global, which side modules share */
  #shared = new WeakMap();

  /**
   * @param {Native} native
   * @param {number | undefined} stackBytes
   * @param {boolean} suspendAlways
   */
  constructor(native, stackBytes, suspendAlways) {
    /** @type {import("./calls.mjs").NativeStack} */
    const stack = [];
    this.#native = native;
    this.#stackBytes = stackBytes;
    this.SuspendError = native.SuspendError ?? OwnSuspendError;
    this.#calls = new Calls(stack);
    this.#imports = new Imports(stack, this.SuspendError, suspendAlways);
  }

  /** @param {Function} target */
  promising(target) {
    return this.#calls.promising(target);
  }

  /**
   * @param {WebAssembly.Module} module
   * @param {ModuleTypes | null} found
   */
  remember(module, found) {
    if (found !== null) this.#types.set(module, found);
    return module;
  }

  /**
   * Make what the engine is to be given.
   *
   * @param {WebAssembly.Module} module
   * @param {WebAssembly.Imports} [imports]
   * @returns {Joint | null} `connect` is to be called with the exports; null: the module can be given as it is
   */
  join(module, imports) {
    const { Module } = this.#native;
    const wanted = Module.imports(module);
    const given = (/** @type {{module: string, name: string}} */ { module: from, name }) => imports?.[from]?.[name];
    const stateImport = wanted.find((each) => each.kind === "global" && each.name === STATE_GLOBAL && given(each) !== undefined);
    const state = stateImport && given(stateImport);
    const asyncified = Module.exports(module).some(({ name }) => name === "asyncify_start_unwind");
    if (!asyncified && state === undefined && !wanted.some((each) => hosts.has(given(each) ?? null))) return null;
    const runtime = this.#runtimeFor(state);
    const types = this.#types.get(module) ?? NO_TYPES;
    /** @type {WebAssembly.Imports} */
    const joined = {};
    /** @type {WebAssembly.Memory | undefined} */
    let memory;
    for (const each of wanted) {
      joined[each.module] ??= {};
      if (each.name in joined[each.module]) continue;
      const value = given(each);
      if (each.kind === "memory") memory ??= value;
      joined[each.module][each.name] = each.kind === "function" ? this.#wrapped(runtime, value, each, types) : value;
    }
    return { imports: joined, connect: (exports) => this.#connect(runtime, exports, memory, types) };
  }

  /** @param {object | undefined} state */
  #runtimeFor(state) {
    const runtime = (state && this.#shared.get(state)) ?? new AsyncifyRuntime(this.#stackBytes);
    if (state !== undefined) this.#shared.set(state, runtime);
    return runtime;
  }

  /**
   * @param {AsyncifyRuntime} runtime
   * @param {WebAssembly.Exports} exports
   * @param {WebAssembly.Memory | undefined} memory
   * @param {ModuleTypes} types
   */
  #connect(runtime, exports, memory, types) {
    runtime.connect(exports, memory);
    for (const [name, value] of Object.entries(exports)) {
      if (typeof value === "function") this.#calls.note(value, { runtime, isImport: types.reexported.has(name) });
    }
  }

  /**
   * @param {AsyncifyRuntime} runtime
   * @param {any} value
   * @param {{module: string, name: string}} place
   * @param {ModuleTypes} types
   */
  #wrapped(runtime, value, { module, name }, { imports: known }) {
    const host = value === null || typeof value !== "object" ? undefined : hosts.get(value);
    const type = known.get(`${module}\0${name}`);
    if (host !== undefined) return this.#imports.suspending(runtime, host, `${module}.${name}`, dummyResult(type));
    if (typeof value !== "function" || isExportedFunction(value)) return value;
    return this.#imports.plain(runtime, value, `${module}.${name}`, type?.params.length);
  }

  /**
   * @param {WebAssembly.Module} module
   * @param {WebAssembly.Imports} [imports]
   */
  instantiate(module, imports) {
    const { Instance, Module } = this.#native;
    const joint = module instanceof Module ? this.join(module, imports) : null;
    const instance = new Instance(module, joint === null ? imports : joint.imports);
    joint?.connect(instance.exports);
    return instance;
  }
}

/**
 * Read the types of a module's imports: the JavaScript API does not give them.
 *
 * @param {unknown} source
 * @returns {ModuleTypes | null} null: not bytes, the engine will say so
 */
function read(source) {
  const bytes = bytesOf(source);
  return bytes === null ? null : moduleTypes(bytes);
}

/**
 * @param {object} options
 * @param {Native} [options.native] the engine's own (default: `WebAssembly`)
 * @param {number} [options.stackBytes] room for one saved stack (default: 1 MiB, or all of a memory that is there for nothing else)
 * @param {boolean} [options.suspendAlways] suspend a call even where the import returned no promise, as engines do
 */
export function createSwitching({ native = WebAssembly, stackBytes, suspendAlways = false } = {}) {
  const switching = new Switching(native, stackBytes, suspendAlways);
  return {
    Suspending,
    SuspendError: switching.SuspendError,
    promising: switching.promising.bind(switching),
    instantiate: switching.instantiate.bind(switching),
    join: switching.join.bind(switching),
    read,
    remember: switching.remember.bind(switching),
  };
}
