// Where an Asyncify build unwinds and rewinds: in the exports that the program gets, each control function is a wasm function
// that first calls the observer. It is a real exported function, so tables and imports take it as well; it ends in a tail
// call, and its index is that of the original, so that no stack, no name and no text shows it.

"use strict";

const { replace } = require("./proxies.cjs");
const { exportsOf } = require("./exported-code.cjs");
const { controlsIn } = require("./asyncify.cjs");
const { pointerGetters } = require("./c-stack.cjs");
const { AsyncifyCalls } = require("./asyncify-calls.cjs");
const { Module, Instance, Memory } = WebAssembly;
const { getOwnPropertyDescriptor, create, freeze, keys } = Object;
const { apply } = Reflect;

/** @typedef {import("./asyncify.cjs").Role} Role */

/** @type {Map<string, Role>} */
const BY_NAME = new Map([
  ["asyncify_start_unwind", "startUnwind"],
  ["asyncify_stop_unwind", "stop"],
  ["asyncify_start_rewind", "startRewind"],
  ["asyncify_stop_rewind", "stop"],
]);
const NOTE = 0; // the functions that an adapter imports
const CONTROL = 1;
const ADDRESSES = [0x7f, 0x7e]; // i32, i64
const CALL = 0x10;
const RETURN_CALL = 0x12;

/** @param {number} value */
function u32(value) {
  const bytes = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}

/** @type {(id: number, ...content: number[]) => number[]} */
const section = (id, ...content) => [id, ...u32(content.length), ...content];

/**
 * (module (import "o" "n" (func $note (param T))) (import "o" "c" (func $control (param T)))
 *   (func) … up to the index
 *   (func (export "f") (param T) (call $note (local.get 0)) (return_call $control (local.get 0))))
 *
 * @param {number} index of the function
 * @param {number[]} params the type of an address, or none
 * @param {number} call the instruction
 */
function adapterBytes(index, params, call) {
  const fillers = index - CONTROL - 1;
  const signatures = new Array(fillers).fill(0);
  const bodies = new Array(fillers).fill([2, 0, 0x0b]).flat();
  const argument = params.length > 0 ? [0x20, 0] : [];
  const body = [0, ...argument, CALL, NOTE, ...argument, call, CONTROL, 0x0b];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, 2, 0x60, 0, 0, 0x60, params.length, ...params, 0),
    ...section(2, 2, 1, 0x6f, 1, 0x6e, 0, 1, 1, 0x6f, 1, 0x63, 0, 1),
    ...section(3, ...u32(fillers + 1), ...signatures, 1),
    ...section(7, 1, 1, 0x66, 0, ...u32(index)),
    ...section(10, ...u32(fillers + 1), ...bodies, body.length, ...body),
  ]);
}

/**
 * @param {Function} note
 * @param {Function} control
 * @param {Role} role
 * @returns {Function} an exported wasm function that calls `note`, then `control`, with the same argument
 */
function adapted(note, control, role) {
  const index = Math.max(CONTROL + 1, indexOf(control));
  let refusal;
  for (const call of [RETURN_CALL, CALL]) {
    for (const params of role === "stop" ? [[]] : ADDRESSES.map((type) => [type])) {
      try {
        return new Instance(new Module(adapterBytes(index, params, call)), { o: { n: note, c: control } }).exports.f;
      } catch (error) {
        refusal = error; // of another type, or an engine without tail calls
      }
    }
  }
  throw refusal;
}

/**
 * An exported function is named by its index.
 *
 * @param {Function} exported
 */
const indexOf = (exported) => Number(getOwnPropertyDescriptor(exported, "name")?.value);
/** @param {string[]} names */
const joined = (names) => names.sort().join("\0");

class ControlHooks {
  #stacks;
  #part;
  #instantiated;
  /** @type {Map<string, {controls: import("./asyncify.cjs").Controls | null, getters: string[], names: string}>} modules, by hash */
  #modules = new Map();
  /** @type {WeakMap<object, object>} the engine's exports → those that the program gets */
  #shown = new WeakMap();
  /** @type {WeakMap<Function, Function>} control functions → ours */
  #adapters = new WeakMap();
  #ours = new WeakSet();
  /** @type {Set<WeakRef<import("./asyncify-calls.cjs").AsyncifyCalls>>} of all instances that are not collected */
  #instances = new Set();

  /**
   * @param {import("./stacks.cjs").StackRecorder} stacks
   * @param {import("./part.cjs").TracePart} part
   * @param {(exports: WebAssembly.Exports, getters: string[]) => void} instantiated is called when the program first gets the exports of an instance,
   *   with the names of those that give its C stack pointer
   */
  constructor(stacks, part, instantiated) {
    this.#stacks = stacks;
    this.#part = part;
    this.#instantiated = instantiated;
  }

  *#known() {
    for (const each of this.#instances) {
      const calls = each.deref();
      if (calls === undefined) this.#instances.delete(each);
      else yield calls;
    }
  }

  /** A part begins: stacks have new numbers. */
  begin() {
    for (const calls of this.#known()) calls.forget();
  }

  hook() {
    replace(Instance.prototype, "exports", { apply: (target, instance, args) => this.#show(apply(target, instance, args)) }, "get");
  }

  /**
   * Note what a module calls its control functions, and those that give its C stack pointer.
   *
   * @param {Uint8Array} bytes
   * @param {string} sha256
   */
  compiled(bytes, sha256) {
    if (this.#modules.has(sha256)) return;
    try {
      const { names, functions } = exportsOf(bytes);
      const [controls, getters] = [controlsIn(functions), pointerGetters(functions)];
      if (controls !== null || getters.length > 0) this.#modules.set(sha256, { controls, getters, names: joined(names) });
    } catch {
      // Malformed: the engine refuses it.
    }
  }

  /** @param {WebAssembly.Exports} exports */
  #show(exports) {
    const known = this.#shown.get(exports);
    if (known !== undefined) return known;
    this.#part.guard(() => this.#instantiated(exports, this.#gettersIn(exports)));
    const shown = this.#part.guard(() => this.#replaced(exports), exports);
    this.#shown.set(exports, shown);
    return shown;
  }

  /**
   * @param {WebAssembly.Exports} exports
   * @returns {Map<string, Role>}
   */
  #rolesIn(exports) {
    for (const { controls, names } of this.#modules.values()) {
      const { roles, index } = controls ?? { roles: BY_NAME, index: -1 };
      const start = [...roles].find(([, role]) => role === "startUnwind")?.[0] ?? "";
      if (typeof exports[start] === "function" && indexOf(exports[start]) === index && joined(keys(exports)) === names) return roles;
    }
    return BY_NAME;
  }

  /**
   * The exports that give the C stack pointer. Modules with the same exports have to agree on it.
   *
   * @param {WebAssembly.Exports} exports
   */
  #gettersIn(exports) {
    const names = joined(keys(exports));
    const found = [...this.#modules.values()].filter((each) => each.names === names).map(({ getters }) => getters);
    return found.length > 0 && found.every((each) => joined(each) === joined(found[0])) ? found[0] : [];
  }

  /**
   * The exports again, with functions of ours for the control functions, under each of their names.
   *
   * @param {WebAssembly.Exports} exports
   */
  #replaced(exports) {
    const controls = [...this.#rolesIn(exports)].filter(([name]) => typeof exports[name] === "function");
    const start = controls.find(([, role]) => role === "startUnwind");
    // None: no Asyncify build. Ours already: of another instance, which this one imports.
    if (start === undefined || this.#ours.has(exports[start[0]])) return exports;
    const names = keys(exports);
    const memory = names.map((name) => exports[name]).find((each) => each instanceof Memory) ?? null;
    const calls = new AsyncifyCalls(this.#part, this.#stacks, memory);
    this.#instances.add(new WeakRef(calls));
    const replaced = new Map(controls.map(([name, role]) => [exports[name], this.#adapter(exports[name], role, calls)]));
    const copy = create(null);
    for (const name of names) copy[name] = replaced.get(exports[name]) ?? exports[name];
    return freeze(copy);
  }

  /** @type {(original: Function, role: Role, calls: import("./asyncify-calls.cjs").AsyncifyCalls) => Function} */
  #adapter(original, role, calls) {
    const known = this.#adapters.get(original);
    if (known !== undefined) return known;
    const note = (/** @type {number | bigint} */ address) => calls[role](address, note);
    const adapter = adapted(note, original, role);
    this.#adapters.set(original, adapter);
    this.#ours.add(adapter);
    return adapter;
  }

  /**
   * Write what is not over, at the end.
   *
   * @param {{idle: boolean}} how whether the program has ended because nothing was left to do
   */
  finish({ idle }) {
    for (const calls of this.#known()) calls.finish(idle);
  }
}

module.exports = { ControlHooks };
