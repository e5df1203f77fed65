// What is put in place of WebAssembly's own functions. Each is the native one behind a Proxy (proxies.cjs): promises,
// instances and errors are the engine's own, and nothing of ours stands on them. What a program could still find is
// listed in docs/trace-format.md.

"use strict";

const { versions, execArgv } = process;
const { TracePart } = require("./part.cjs");
const { StackRecorder } = require("./stacks.cjs");
const { ModuleRecorder } = require("./modules.cjs");
const { ErrorRecorder } = require("./errors.cjs");
const { ControlHooks } = require("./control-hooks.cjs");
const { RejectionWatcher } = require("./promises.cjs");
const { JspiHooks } = require("./jspi.cjs");
const { JspiCalls } = require("./jspi-calls.cjs");
const { ConversionHooks } = require("./conversions.cjs");
const { tapSource } = require("./streaming.cjs");
const { watchProcessEnd } = require("./exit-hooks.cjs");
const { constructed, replace, replaceToString } = require("./proxies.cjs");

const PART_VERSION = 1;
const OBSERVER = Symbol.for("stackswitch.observe"); // WebAssembly.Module answers to it, without having it
const { apply, get } = Reflect;

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
 * Observe this process or worker from now on. `WebAssembly.Module[OBSERVER]` is then the observer: `end(status)` ends the part
 * as the end of the process would; `begin(folder)` opens the next one, in another folder.
 *
 * @param {string} folder
 */
function install(folder) {
  const observer = new Observer();
  observer.begin(folder);
  observer.hook();
}

class Observer {
  #part = new TracePart();
  #stacks;
  #errors;
  #controls;
  #promises = new RejectionWatcher(this.#part);
  #calls = new JspiCalls(this.#part);
  #modules = new ModuleRecorder(this.#part);
  #jspi;
  /** @type {Map<string, Function>} */
  #hooked = new Map();

  constructor() {
    const every = setting("SAMPLE", 1);
    this.#stacks = new StackRecorder(this.#part, { every, first: every === 1 ? Infinity : setting("SAMPLE_FIRST", 1_000) });
    this.#errors = new ErrorRecorder(this.#stacks, this.#part);
    this.#controls = new ControlHooks(this.#stacks, this.#part, (exports, getters) => this.#calls.instantiated(exports, getters));
    this.#jspi = new JspiHooks(this.#part, this.#stacks, this.#errors, this.#promises, this.#calls);
  }

  /** @param {string} folder of the part */
  begin(folder) {
    const part = this.#part;
    part.begin(folder, setting("BYTES", 32 << 20));
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
    this.#stacks.begin();
    this.#errors.begin();
    this.#controls.begin();
    this.#calls.begin();
    this.#modules.begin(folder, setting("MODULE_BYTES", 512 << 20));
    this.#jspi.begin();
  }

  hook() {
    this.#part.guard(() => {
      this.#hookModules();
      this.#jspi.hook((name, handler) => this.#replace(name, handler));
      this.#controls.hook();
      new ConversionHooks(this.#part, this.#stacks, this.#promises).hook();
      watchProcessEnd({
        exit: (idle) => this.end(process.exitCode ?? 0, { idle }),
        uncaughtExceptionMonitor: (error) => this.#errors.note(error, "uncaught"),
        unhandledRejection: (error, /** @type {any} */ promise) => {
          this.#promises.release(promise);
          return () => this.#errors.note(error, "unhandled"); // not before: to read an error's stack changes what Node prints of it
        },
      });
      replaceToString();
    });
  }

  /** @type {(name: string, handler: ProxyHandler<any>) => void} */
  #replace(name, handler) {
    const value = replace(WebAssembly, name, handler);
    if (value !== undefined) this.#hooked.set(name, value);
  }

  /** A module's bytes are looked at before the engine gets them, or as soon as it has made a module of them. */
  #hookModules() {
    /** @type {import("./proxies.cjs").ConstructTrap} */
    const newModule = (target, args, newTarget) => {
      const module = constructed(target, args, newTarget, newModule);
      this.#source(args[0], "Module");
      return module;
    };
    this.#replace("Module", { construct: newModule, get: (target, key) => (key === OBSERVER ? this : get(target, key)) });
    for (const how of ["compile", "instantiate"]) {
      this.#replace(how, {
        apply: (target, self, args) => {
          this.#source(args[0], how);
          return apply(target, self, how === "instantiate" ? this.#jspi.named(args) : args);
        },
      });
    }
    for (const how of ["compileStreaming", "instantiateStreaming"]) {
      this.#replace(how, {
        apply: (target, self, args) => {
          this.#stream(args[0], how);
          return apply(target, self, how === "instantiateStreaming" ? this.#jspi.named(args) : args);
        },
      });
    }
  }

  /** @type {(source: unknown, how: string) => void} */
  #source(source, how) {
    this.#part.guard(() => {
      const bytes = ModuleRecorder.bytesOf(source);
      if (bytes !== null) this.#controls.compiled(bytes, this.#modules.compiled(bytes, how));
    });
  }

  /** @type {(source: unknown, how: string) => void} */
  #stream(source, how) {
    this.#part.guard(() => {
      if (tapSource(source, (bytes) => this.#source(bytes, how))) return;
      this.#part.error("a response came by a promise of the program's own class: its module's functions have no names");
    });
  }

  /**
   * @param {number | string} status
   * @param {{idle?: boolean}} [how] `idle`: the program has ended because nothing was left to do
   */
  end(status, { idle = false } = {}) {
    const part = this.#part;
    if (part.ended) return;
    part.guard(() => this.#stacks.flush());
    part.guard(() => this.#controls.finish({ idle }));
    part.guard(() => this.#calls.finish(idle));
    // What was preloaded to run a build in the module's place goes through ours.
    const ours = Reflect.get(globalThis, Symbol.for("stackswitch.instrumented")) === true;
    for (const [name, value] of ours ? [] : this.#hooked) {
      const found = part.guard(() => globalThis.WebAssembly && Reflect.get(globalThis.WebAssembly, name));
      // Taken away (so that glue picks its Asyncify build) is not replaced.
      if (found !== undefined && found !== value) {
        part.error(`the program has put another WebAssembly.${name} in place of the observed one: what went past ours is missing`);
      }
    }
    part.end({ kind: "end", status, ...this.#stacks.totals() });
  }
}

module.exports = { install };
