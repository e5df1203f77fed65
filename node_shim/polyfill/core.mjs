// JSPI's two functions over Asyncify: `Suspending` wraps imports, `promising` wraps exports, `instantiate` joins them.

import { Awaiting } from "./awaiting.mjs";
import { Calls } from "./calls.mjs";
import { Imports } from "./imports.mjs";
import { isMemory } from "./instance-memory.mjs";
import { instrumenter } from "./instrument.mjs";
import { Instrumented } from "./instrumented.mjs";
import { link } from "./links.mjs";
import { AsyncifyRuntime } from "./runtime.mjs";
import { hosts, Suspending, SuspendError as OwnSuspendError } from "./suspending.mjs";
import { ModuleTypes, moduleTypes } from "./types.mjs";
import { bytesOf, isExportedFunction, isObject } from "./values.mjs";

/** @typedef {import("./activation.mjs").Facts} Facts */
/** @typedef {{Module: typeof WebAssembly.Module, Instance: typeof WebAssembly.Instance, SuspendError?: any}} Native */
/**
 * @typedef {object} Joint what the engine is to be given
 * @property {WebAssembly.Module} module
 * @property {WebAssembly.Imports | undefined} imports
 * @property {(exports: WebAssembly.Exports) => void} connect to be called with the exports
 */
/** @typedef {Map<string, any>} Given the values that the program gives for imports, by `module\0name`: each was read once */

const STATE_GLOBAL = "__asyncify_state";
const DATA_GLOBAL = "__asyncify_data";
const POINTER_GLOBAL = "__stack_pointer";
const NO_TYPES = new ModuleTypes();

/** Joins modules, their imports and their exports; all of its instances share a native stack. */
class Switching {
  #native;
  #room;
  #instrumented;
  #calls;
  #imports;
  /** @type {import("./activation.mjs").NativeStack} */
  #stack = [];
  /** @type {WeakMap<WebAssembly.Module, ModuleTypes>} */
  #types = new WeakMap();
  /** @type {WeakMap<object, AsyncifyRuntime>} by the state's global: a main module may export it, and side modules import it */
  #shared = new WeakMap();
  /** @type {WeakMap<object, Record<string, WebAssembly.Global>>} the globals of the group that a memory belongs to */
  #groups = new WeakMap();
  /** @type {{runtime: WeakRef<AsyncifyRuntime>, types: ModuleTypes} | null | undefined} the only Asyncify build; null: there are several */
  #only;

  /**
   * @param {Native} native
   * @param {import("./runtime.mjs").RoomOptions} room
   * @param {boolean} suspendAlways
   * @param {import("./instrument.mjs").Instrument | null} instrument
   */
  constructor(native, room, suspendAlways, instrument) {
    this.#instrumented = instrument && new Instrumented(instrument, native.Module);
    this.#native = native;
    this.#room = room;
    this.SuspendError = native.SuspendError ?? OwnSuspendError;
    this.#calls = new Calls(this.#stack, (exported) => this.#guess(exported));
    const awaiting = new Awaiting(suspendAlways, (...settled) => this.#calls.resume(...settled));
    this.#imports = new Imports(this.#stack, this.SuspendError, awaiting);
  }

  /** @param {Function} target */
  promising(target) {
    return this.#calls.promising(target);
  }

  /**
   * Read the types of a module's functions: the JavaScript API does not give them.
   *
   * @param {unknown} source
   * @returns {ModuleTypes | null} null: not bytes, the engine will say so
   */
  read(source) {
    const bytes = bytesOf(source);
    if (bytes === null) return null;
    const types = moduleTypes(bytes);
    if (this.#instrumented !== null) types.source = bytes.slice(); // the program may change its bytes
    return types;
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
   * @returns {Joint}
   */
  join(module, imports) {
    const { Module } = this.#native;
    const given = givenFor(Module.imports(module), imports);
    const build = this.#buildOf(module, given);
    const { types, state, isAsyncified } = build;
    if (!build.isJoined) return { module, imports, connect: (exports) => this.#noteAll(exports, null, types, given) };
    const runtime = this.#runtimeFor(state);
    /** @type {WebAssembly.Imports} */
    const joined = {};
    /** @type {{memory?: WebAssembly.Memory, pointer?: WebAssembly.Global}} */
    const imported = {};
    for (const each of Module.imports(build.module)) {
      const key = keyOf(each);
      if (!given.has(key)) return { module, imports, connect: () => {} }; // the engine will say what is missing
      joined[each.module] ??= {};
      if (each.name in joined[each.module]) continue;
      const value = given.get(key);
      if (each.kind === "memory") imported.memory ??= value;
      if (each.kind === "global" && each.name === POINTER_GLOBAL) imported.pointer = value;
      joined[each.module][each.name] = each.kind === "function" ? this.#wrapped(runtime, value, each, types, isAsyncified) : value;
    }
    return { module: build.module, imports: joined, connect: (exports) => this.#connect(runtime, exports, imported, types, given) };
  }

  /**
   * What is instantiated for a module: the module itself, or what it is when it has been instrumented.
   *
   * @param {WebAssembly.Module} module
   * @param {Given} given gets what an instrumented module imports besides
   */
  #buildOf(module, given) {
    const { Module } = this.#native;
    const types = this.#types.get(module) ?? NO_TYPES;
    const wanted = Module.imports(module);
    const valueOf = (/** @type {WebAssembly.ImportDescriptor | undefined} */ each) => each && given.get(keyOf(each));
    const state = valueOf(wanted.find(({ kind, name }) => kind === "global" && name === STATE_GLOBAL));
    const isBuild = state !== undefined || Module.exports(module).some(({ name }) => name === "asyncify_start_unwind");
    const waits = [...given].filter(([, value]) => this.#waits(value, isBuild)).map(([key]) => key);
    const group = isBuild ? undefined : this.#groups.get(valueOf(wanted.find(({ kind }) => kind === "memory")));
    const isWanted = waits.length > 0 || group !== undefined || Module.customSections(module, "dylink.0").length > 0;
    const made = isBuild || !isWanted ? undefined : this.#instrumented?.get(module, types.source, waits, group !== undefined);
    if (made !== undefined) for (const [name, value] of Object.entries(group ?? {})) given.set(keyOf({ module: "env", name }), value);
    const isJoined = isBuild || waits.length > 0 || made !== undefined;
    return { module, types, ...made, state: state ?? group?.[STATE_GLOBAL], isJoined, isAsyncified: isBuild || made !== undefined };
  }

  /**
   * Whether a module has to be joined to the value of an import: it may wait itself, or is another instance's export that does.
   *
   * @param {any} value
   * @param {boolean} isBuild
   */
  #waits(value, isBuild) {
    if (this.#hostOf(value) !== undefined) return true;
    return !isBuild && this.#instrumented !== null && isObject(value) && this.#calls.facts(value)?.runtime?.isReady === true;
  }

  /** @param {object | undefined} state */
  #runtimeFor(state) {
    const runtime = (state && this.#shared.get(state)) ?? new AsyncifyRuntime(this.#room, () => this.#stack.length === 0);
    if (state !== undefined) this.#shared.set(state, runtime);
    return runtime;
  }

  /**
   * @param {AsyncifyRuntime} runtime
   * @param {WebAssembly.Exports} exports
   * @param {{memory?: WebAssembly.Memory, pointer?: WebAssembly.Global}} imported
   * @param {ModuleTypes} types
   * @param {Given} given
   */
  #connect(runtime, exports, imported, types, given) {
    runtime.connect(exports, imported, !types.managesMemory);
    const { [STATE_GLOBAL]: state, [DATA_GLOBAL]: data } = exports;
    if (state instanceof WebAssembly.Global) {
      this.#shared.set(state, runtime);
      const memory = imported.memory ?? Object.values(exports).find(isMemory);
      if (memory !== undefined) this.#groups.set(memory, { [STATE_GLOBAL]: state, [DATA_GLOBAL]: data });
    }
    if (runtime.isReady) this.#only = this.#only === undefined ? { runtime: new WeakRef(runtime), types } : null;
    this.#noteAll(exports, runtime, types, given);
  }

  /**
   * @param {WebAssembly.Exports} exports
   * @param {AsyncifyRuntime | null} runtime
   * @param {ModuleTypes} types
   * @param {Given} given
   */
  #noteAll(exports, runtime, types, given) {
    for (const [name, value] of Object.entries(exports)) {
      if (typeof value !== "function") continue;
      const key = types.reexported.get(name);
      const host = key === undefined ? undefined : this.#hostOf(given.get(key));
      const type = types.typeOf(types.exported.get(name) ?? -1);
      this.#calls.note(value, { runtime, type, isImport: key !== undefined, host: host ?? null });
    }
  }

  /**
   * The facts of a function that is no export: its instance is known if there is only one.
   *
   * @param {Function} exported
   * @returns {Facts | undefined}
   */
  #guess(exported) {
    const runtime = this.#only?.runtime.deref();
    if (!this.#only || runtime === undefined) return undefined;
    const type = this.#only.types.typeOf(Number(exported.name)); // an exported function's name is its index
    return { runtime, type: type?.params.length === exported.length ? type : undefined, isImport: false, host: null };
  }

  /**
   * @param {any} value of an import
   * @returns the function that may wait, if it is one
   */
  #hostOf(value) {
    if (!isObject(value)) return undefined;
    return hosts.get(value) ?? this.#calls.facts(value)?.host ?? undefined;
  }

  /**
   * @param {AsyncifyRuntime} runtime
   * @param {any} value
   * @param {{module: string, name: string}} place
   * @param {ModuleTypes} types
   * @param {boolean} isAsyncified
   */
  #wrapped(runtime, value, { module, name }, { imports: known }, isAsyncified) {
    const host = this.#hostOf(value);
    const type = known.get(keyOf({ module, name }));
    const title = `${module}.${name}`;
    if (host !== undefined) return this.#imports.suspending(runtime, host, title, type);
    if (typeof value !== "function") return value;
    if (!isExportedFunction(value)) return this.#imports.plain(runtime, value, title, type);
    const facts = this.#calls.facts(value);
    if (!isAsyncified || !facts?.runtime?.isReady || facts.runtime === runtime) return value;
    return link(this.#stack, runtime, value, { ...facts, runtime: facts.runtime }, title);
  }

  /**
   * @param {WebAssembly.Module} module
   * @param {WebAssembly.Imports} [imports]
   */
  instantiate(module, imports) {
    const { Instance, Module } = this.#native;
    if (!(module instanceof Module)) return new Instance(module, imports);
    const joint = this.join(module, imports);
    const instance = new Instance(joint.module, joint.imports);
    joint.connect(instance.exports);
    return instance;
  }
}

/** @param {{module: string, name: string}} place of an import */
const keyOf = ({ module, name }) => `${module}\0${name}`;

/**
 * @param {{module: string, name: string}[]} wanted
 * @param {any} imports
 * @returns {Given} without those whose module is none
 */
function givenFor(wanted, imports) {
  const given = new Map();
  for (const each of wanted) {
    const from = imports?.[each.module];
    const key = keyOf(each);
    if (isObject(from) && !given.has(key)) given.set(key, from[each.name]);
  }
  return given;
}

/**
 * @param {object} options
 * @param {Native} [options.native] the engine's own (default: `WebAssembly`)
 * @param {number} [options.stackBytes] room for one saved stack (default: 1 MiB, or all of a memory that is there for nothing else)
 * @param {number} [options.cStackBytes] the C stack of a call that begins while others wait (default: as large as the guest's
 *   own, if that is known, at most 1 MiB)
 * @param {boolean} [options.growMemory] add pages to the memory of a guest without `malloc` (default: only if it never looks at
 *   the size of its memory; else its own allocator may take them for its own)
 * @param {boolean} [options.suspendAlways] suspend a call even where the import returned no promise, as the specification says
 * @param {boolean | import("./instrument.mjs").InstrumentOptions} [options.instrument] instrument modules that are no Asyncify builds
 *   and have imports that wait, as they are instantiated: on Node, with npm's `binaryen`
 */
export function createSwitching({ native = WebAssembly, suspendAlways = true, instrument = false, ...room } = {}) {
  const instrumented = instrument === false ? null : instrumenter(instrument === true ? {} : instrument);
  const switching = new Switching(native, room, suspendAlways, instrumented);
  const { promising } = { promising: (/** @type {Function} */ wasmFunc) => switching.promising(wasmFunc) };
  return {
    Suspending,
    SuspendError: switching.SuspendError,
    promising,
    instantiate: switching.instantiate.bind(switching),
    join: switching.join.bind(switching),
    read: switching.read.bind(switching),
    remember: switching.remember.bind(switching),
  };
}
