// What is put in place of WebAssembly's own functions. Each is the native one behind a Proxy (replace.cjs): promises,
// instances and errors are the engine's own, and nothing of ours stands on them. What a program could still find is
// listed in docs/trace-format.md.

"use strict";

const { versions, execArgv } = process;
const { isAsyncFunction, isProxy } = require("node:util").types;
const { Part } = require("./part.cjs");
const { Stacks } = require("./stacks.cjs");
const { Modules } = require("./modules.cjs");
const { Errors } = require("./errors.cjs");
const { Unwinds } = require("./unwinds.cjs");
const { Promises } = require("./promises.cjs");
const { tapSource } = require("./streaming.cjs");
const { watchEndings } = require("./endings.cjs");
const { proxied, replace, replaceToString } = require("./replace.cjs");

const PART_VERSION = 1;
const OBSERVER = Symbol.for("stackswitch.observe"); // WebAssembly.Module answers to it, without having it
const { CompileError, LinkError } = WebAssembly;
const { defineProperty, getOwnPropertyDescriptor } = Object;
const { apply, construct, get } = Reflect;
const { captureStackTrace } = Error;

/** @typedef {import("./stacks.cjs").Slot} Slot */
/** @typedef {any} Native one of the engine's functions */
/** @typedef {[Native, any[], Native]} Construct what a trap of `new` gets */
/** @typedef {[Native, object, any[]]} Apply what a trap of a call gets */

/**
 * A positive whole number from the environment, or the default.
 *
 * @param {string} name
 * @param {number} otherwise
 */
function setting(name, otherwise) {
  const value = Number(process.env[`STACKSWITCH_TRACE_${name}`]);
  return Number.isSafeInteger(value) && value > 0 ? value : otherwise;
}

/**
 * Whether Emscripten's glue marks a function as asynchronous: a library function with `__async`. No code of it runs.
 *
 * @param {Function} host
 */
function isMarkedAsync(host) {
  return !isProxy(host) && getOwnPropertyDescriptor(host, "isAsync")?.value === true;
}

/**
 * Observe this process or worker from now on. `WebAssembly.Module[OBSERVER]` is then the observer: `end(status)` ends the part
 * as the end of the process would; `begin(folder)` opens the next one, in another folder.
 *
 * @param {string} folder
 */
function install(folder) {
  new Observer(folder).hook();
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

/**
 * Construct what a trap was asked to. The stack of an error of the engine's own does not show us.
 *
 * @param {Native} target
 * @param {any[]} args
 * @param {Native} newTarget
 * @param {Function} trap
 */
function constructed(target, args, newTarget, trap) {
  try {
    return construct(target, args, newTarget);
  } catch (error) {
    if (isRefusal(error)) captureStackTrace(error, trap);
    throw error;
  }
}

/**
 * Whether the engine itself has thrown, not a function of the program that it called.
 *
 * @param {unknown} error
 */
function isRefusal(error) {
  if (!(error instanceof CompileError || error instanceof LinkError || error instanceof TypeError)) return false;
  const [innermost] = /^\s+at .*$/m.exec(String(error.stack)) ?? [];
  return innermost?.includes(__filename) ?? false;
}

/** @param {string} folder */
function startPart(folder) {
  const part = new Part(folder, setting("BYTES", 32 << 20));
  part.write({
    kind: "start",
    part_version: PART_VERSION,
    process: process.pid,
    parent: process.ppid,
    thread: part.thread,
    engine: "node",
    engine_version: versions.node,
    argv: process.argv,
    exec_argv: execArgv,
  });
  return part;
}

class Observer {
  #part;
  #stacks;
  #errors;
  #unwinds;
  #promises;
  #modules;
  /** @type {WeakMap<object, Slot>} by what the program imports */
  #slots = new WeakMap();
  #waits = false; // whether the program has made an import that may suspend
  /** @type {Set<number>} */
  #promised = new Set();
  /** @type {Map<string, Function>} */
  #hooked = new Map();

  /** @param {string} folder */
  constructor(folder) {
    const every = setting("SAMPLE", 1);
    /** @type {import("./unwinds.cjs").Guard} */
    const guard = (piece, fallback) => this.#part.guard(piece, fallback);
    this.#part = startPart(folder);
    this.#stacks = new Stacks(this.#part, { every, first: every === 1 ? Infinity : setting("SAMPLE_FIRST", 1_000) });
    this.#errors = new Errors(this.#stacks, this.#part);
    this.#modules = new Modules(this.#part);
    this.#unwinds = new Unwinds(this.#stacks, guard);
    this.#promises = new Promises(guard);
    this.#attach(folder);
  }

  /** @param {string} folder */
  begin(folder) {
    this.#part = startPart(folder);
    this.#attach(folder);
  }

  /** @param {string} folder of the part */
  #attach(folder) {
    this.#stacks.begin(this.#part);
    this.#errors.begin(this.#part);
    this.#modules.begin(this.#part, folder, setting("MODULE_BYTES", 512 << 20));
    for (const index of this.#promised) this.#part.write({ kind: "promising", index });
  }

  hook() {
    this.#part.guard(() => this.#hook());
  }

  #hook() {
    const newModule = (/** @type {Construct} */ ...given) => this.#newModule(...given, newModule);
    const observer = (/** @type {Native} */ target, /** @type {PropertyKey} */ key) => (key === OBSERVER ? this : get(target, key));
    this.#replace("Module", { construct: newModule, get: observer });
    for (const name of ["compile", "instantiate"]) {
      this.#replace(name, { apply: (/** @type {Apply} */ ...given) => this.#compile(...given, name) });
    }
    for (const name of ["compileStreaming", "instantiateStreaming"]) {
      this.#replace(name, { apply: (/** @type {Apply} */ ...given) => this.#stream(...given, name) });
    }
    const newInstance = (/** @type {Construct} */ ...[target, args, newTarget]) => constructed(target, this.#named(args), newTarget, newInstance);
    this.#replace("Instance", defineProperty({}, "construct", { get: () => (this.#waits ? newInstance : undefined) }));
    const newSuspending = (/** @type {Construct} */ ...given) => this.#newSuspending(...given, newSuspending);
    this.#replace("Suspending", { construct: newSuspending });
    this.#replace("promising", { apply: (/** @type {Apply} */ ...given) => this.#promising(...given) });
    this.#replace("Function", { construct: (/** @type {Construct} */ ...given) => this.#newFunction(...given) });
    this.#unwinds.hook();
    watchEndings({
      exit: () => this.end(process.exitCode ?? 0),
      uncaughtExceptionMonitor: (error) => this.#errors.note(error, "uncaught"),
      unhandledRejection: (error, /** @type {any} */ promise) => {
        this.#promises.release(promise);
        return () => this.#errors.note(error, "unhandled"); // not before: to read an error's stack changes what Node prints of it
      },
    });
    replaceToString();
  }

  /**
   * @param {string} name
   * @param {Record<string, any>} handler
   */
  #replace(name, handler) {
    const value = replace(WebAssembly, name, handler);
    if (value !== undefined) this.#hooked.set(name, value);
  }

  // Modules. Their bytes are looked at before the engine gets them, or as soon as it has made a module of them.

  /**
   * @param {unknown} source
   * @param {string} how
   */
  #source(source, how) {
    this.#part.guard(() => {
      const bytes = Modules.bytesOf(source);
      if (bytes !== null) this.#unwinds.compiled(bytes, this.#modules.compiled(bytes, how));
    });
  }

  /**
   * @param {Native} target
   * @param {any[]} args
   * @param {Native} newTarget
   * @param {Function} trap
   */
  #newModule(target, args, newTarget, trap) {
    const module = constructed(target, args, newTarget, trap);
    this.#source(args[0], "Module");
    return module;
  }

  /**
   * @param {Native} target
   * @param {object} self
   * @param {any[]} args
   * @param {string} how
   */
  #compile(target, self, args, how) {
    this.#source(args[0], how);
    return apply(target, self, how === "instantiate" ? this.#named(args) : args);
  }

  /**
   * @param {Native} target
   * @param {object} self
   * @param {any[]} args
   * @param {string} how
   */
  #stream(target, self, args, how) {
    this.#part.guard(() => {
      if (tapSource(args[0], (bytes) => this.#source(bytes, how))) return;
      this.#part.error("a response came by a promise of the program's own class: its module's functions have no names");
    });
    return apply(target, self, how === "instantiateStreaming" ? this.#named(args) : args);
  }

  /**
   * Have imports that may suspend named as the module knows them, when the engine reads them, in its order and no more often.
   *
   * @param {any[]} args
   */
  #named(args) {
    const [source, imports, ...rest] = args;
    if (!this.#waits || !isObject(imports)) return args;
    const slots = this.#slots;
    const named = (/** @type {object} */ space, /** @type {string} */ from) =>
      reading(space, (value, name) => {
        const slot = isObject(value) ? slots.get(value) : undefined;
        if (slot !== undefined) slot.name ??= `${from}.${name}`;
        return value;
      });
    return [source, reading(imports, (space, from) => (isObject(space) ? named(space, from) : space)), ...rest];
  }

  // JSPI.

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
      const note = () => stacks.note(slot, note);
      return { slot, observed: proxied(host, defineProperty({}, "apply", { get: note })) };
    }
    /** @type {(this: any, ...args: any[]) => any} */
    const observed = function (...args) {
      const result = apply(host, this, args);
      if (typeof result === "object" && result !== null) stacks.note(slot, observed);
      return result;
    };
    return { slot, observed };
  }

  /**
   * @param {Native} target
   * @param {any[]} args
   * @param {Native} newTarget
   * @param {Function} trap
   */
  #newSuspending(target, args, newTarget, trap) {
    if (typeof args[0] !== "function") return constructed(target, args, newTarget, trap);
    const { slot, observed } = this.#waiting(args[0], { before: true });
    const suspending = construct(target, [observed, ...args.slice(1)], newTarget);
    this.#slots.set(suspending, slot);
    return suspending;
  }

  /**
   * Before Suspending there was WebAssembly.Function with an option; V8 had it until Node 22.
   *
   * @param {Native} target
   * @param {any[]} args
   * @param {Native} newTarget
   */
  #newFunction(target, args, newTarget) {
    const [type, host, options] = args;
    if (options?.suspending === undefined || typeof host !== "function") return construct(target, args, newTarget);
    const { slot, observed } = this.#waiting(host, { before: false });
    const made = construct(target, [type, observed, ...args.slice(2)], newTarget);
    this.#slots.set(made, slot);
    return made;
  }

  /**
   * @param {Native} target
   * @param {object} self
   * @param {any[]} args
   */
  #promising(target, self, args) {
    const made = apply(target, self, args);
    const index = this.#part.guard(() => {
      const index = Number(getOwnPropertyDescriptor(args[0], "name")?.value);
      this.#promised.add(index);
      this.#part.write({ kind: "promising", index });
      return index;
    });
    const note = (/** @type {unknown} */ error) => this.#errors.note(error, `promising ${index}`);
    const before = () => this.#part.guard(() => this.#promises.expect(note));
    return proxied(made, defineProperty({}, "apply", { get: before }));
  }

  /** @param {number | string} status */
  end(status) {
    const part = this.#part;
    if (part.ended) return;
    part.guard(() => this.#stacks.flush());
    // What was preloaded to run a build in the module's place goes through ours.
    const ours = Reflect.get(globalThis, Symbol.for("stackswitch.instrumented")) === true;
    for (const [name, value] of ours ? [] : this.#hooked) {
      const found = part.guard(() => globalThis.WebAssembly && Reflect.get(globalThis.WebAssembly, name));
      // Taken away (so that glue picks its Asyncify build) is not replaced.
      if (found !== undefined && found !== value) {
        part.error(`the program has put another WebAssembly.${name} in place of the observed one: what went past ours is missing`);
      }
    }
    part.end({ kind: "end", status, ...this.#stacks.totals(), ...this.#unwinds.unfinished() });
  }
}

module.exports = { install };
