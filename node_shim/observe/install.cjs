// What is put in place of WebAssembly's own functions. Each is the native one behind a Proxy: name, length, prototype,
// `instanceof`, errors and the order of what happens stay those of the engine.

"use strict";

const { versions, execArgv } = process;
const { Part } = require("./part.cjs");
const { Stacks } = require("./stacks.cjs");
const { Modules } = require("./modules.cjs");
const { Errors } = require("./errors.cjs");
const { adapted, replaced, controlExports } = require("./asyncify.cjs");

const PART_VERSION = 1;
const native = { ...Object.getOwnPropertyDescriptors(WebAssembly) };
const { Module, Instance } = WebAssembly;
const importsOf = Module.imports;
const exportsGetter = Object.getOwnPropertyDescriptor(Instance.prototype, "exports").get;
const then = Promise.prototype.then;

/** A positive whole number from the environment, or the default. */
function setting(name, otherwise) {
  const value = Number(process.env[`STACKSWITCH_TRACE_${name}`]);
  return Number.isSafeInteger(value) && value > 0 ? value : otherwise;
}

/**
 * Observe this process or worker from now on.
 * @returns `end(status)` ends the part as the end of the process would; `begin(folder)` opens the next one, in another folder
 */
function install(folder) {
  const observer = new Observer();
  observer.begin(folder);
  observer.hook();
  return { begin: (next) => observer.begin(next), end: (status) => observer.end(status) };
}

class Observer {
  #part;
  #stacks;
  #errors;
  #modules = new Modules();
  #slots = new WeakMap();
  #states = [];
  #promised = new Set();
  #hooked = new Map();

  constructor() {
    const every = setting("SAMPLE", 1);
    this.#stacks = new Stacks({ every, first: every === 1 ? Infinity : setting("SAMPLE_FIRST", 1_000) });
    this.#errors = new Errors(this.#stacks);
  }

  begin(folder) {
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
    this.#part = part;
    this.#stacks.begin(part);
    this.#errors.begin(part);
    this.#modules.begin(part, folder, setting("MODULE_BYTES", 512 << 20));
    for (const index of this.#promised) part.write({ kind: "promising", index });
  }

  hook() {
    this.#part.guard(() => this.#hook());
  }

  #hook() {
    this.#replace("Module", { construct: (target, args, newTarget) => this.#newModule(target, args, newTarget) });
    this.#replace("Instance", { construct: (target, args, newTarget) => this.#newInstance(target, args, newTarget) });
    this.#replace("compile", { apply: (target, self, args) => this.#compile(target, self, args) });
    this.#replace("instantiate", { apply: (target, self, args) => this.#instantiate(target, self, args) });
    this.#replace("compileStreaming", { apply: (target, self, args) => this.#streaming(target, self, args, false) });
    this.#replace("instantiateStreaming", { apply: (target, self, args) => this.#streaming(target, self, args, true) });
    this.#replace("Suspending", { construct: (target, args, newTarget) => this.#newSuspending(target, args, newTarget) });
    this.#replace("promising", { apply: (target, self, args) => this.#promising(target, self, args) });
    this.#replace("Function", { construct: (target, args, newTarget) => this.#newFunction(target, args, newTarget) });
    process.on("uncaughtExceptionMonitor", (error) => this.#errors.note(error, "uncaught"));
    process.on("exit", (status) => this.end(status));
  }

  #replace(name, handler) {
    const found = native[name];
    if (found === undefined || typeof found.value !== "function") return;
    const value = new Proxy(found.value, handler);
    this.#hooked.set(name, value);
    Object.defineProperty(WebAssembly, name, { ...found, value });
  }

  // Compiling. The bytes are looked at before the engine gets them, the module after.

  #source(source, how) {
    const bytes = Modules.bytesOf(source);
    return bytes === null ? null : this.#part.guard(() => ({ bytes, sha256: this.#modules.compiled(bytes, how) }), null);
  }

  #known(module, source) {
    this.#part.guard(() => this.#modules.remember(module, { control: controlExports(module, source?.bytes ?? null) }));
    return module;
  }

  #newModule(target, args, newTarget) {
    const module = Reflect.construct(target, args, newTarget);
    return this.#known(module, this.#source(args[0], "Module"));
  }

  #compile(target, self, args) {
    const source = this.#source(args[0], "compile");
    const promise = Reflect.apply(target, self, args);
    return source === null ? promise : Reflect.apply(then, promise, [(module) => this.#known(module, source)]);
  }

  #instantiate(target, self, args) {
    const [given, imports] = args;
    if (given instanceof Module) {
      this.#nameImports(given, imports);
      const promise = Reflect.apply(target, self, args);
      return Reflect.apply(then, promise, [(instance) => this.#observe(instance, given)]);
    }
    const source = this.#source(given, "instantiate");
    const promise = Reflect.apply(target, self, args);
    if (source === null) return promise;
    return Reflect.apply(then, promise, [(result) => this.#instantiated(result, source, imports)]);
  }

  #instantiated(result, source, imports) {
    this.#known(result.module, source);
    this.#nameImports(result.module, imports);
    this.#observe(result.instance, result.module);
    return result;
  }

  /** A response is read twice: by the engine, and, cloned, by us. */
  #streaming(target, self, args, instantiates) {
    let copy = null;
    const given = Reflect.apply(then, Promise.resolve(args[0]), [
      (response) => {
        copy = this.#part.guard(() => {
          // Not before it is needed: Node loads its whole HTTP client at the first look at Response.
          const { clone, arrayBuffer } = globalThis.Response.prototype;
          return Reflect.apply(arrayBuffer, Reflect.apply(clone, response, []), []);
        }, null);
        return response;
      },
    ]);
    const promise = Reflect.apply(target, self, [given, ...args.slice(1)]);
    return Reflect.apply(then, promise, [
      async (result) => {
        let source = null;
        try {
          source = this.#source(await copy, instantiates ? "instantiateStreaming" : "compileStreaming");
        } catch (error) {
          this.#part.error(`a response could not be read again: ${error}`);
        }
        return instantiates ? this.#instantiated(result, source, args[1]) : this.#known(result, source);
      },
    ]);
  }

  // Instances.

  #newInstance(target, args, newTarget) {
    this.#nameImports(args[0], args[1]);
    const instance = Reflect.construct(target, args, newTarget);
    return this.#observe(instance, args[0]);
  }

  /** Give the imports that may suspend their names: those the module knows them by. Only plain properties are read. */
  #nameImports(module, imports) {
    if (!(module instanceof Module) || imports === null || typeof imports !== "object") return;
    this.#part.guard(() => {
      for (const { module: from, name, kind } of importsOf(module)) {
        if (kind !== "function") continue;
        const space = Object.getOwnPropertyDescriptor(imports, from)?.value;
        if (space === null || (typeof space !== "object" && typeof space !== "function")) continue;
        const slot = this.#slots.get(Object.getOwnPropertyDescriptor(space, name)?.value);
        if (slot !== undefined) slot.name ??= `${from}.${name}`;
      }
    });
  }

  /** An Asyncify build: let the program have, for the start of unwinding, one that tells us first. */
  #observe(instance, module) {
    return this.#part.guard(() => {
      const facts = this.#modules.factsOf(module) ?? { control: controlExports(module, null) };
      if (facts.control === null) return instance;
      const exports = Reflect.apply(exportsGetter, instance, []);
      const { name, getState } = facts.control;
      const slot = this.#stacks.slot("asyncify", { through: true, skip: 1 });
      const stacks = this.#stacks;
      const note = () => stacks.note(slot, note);
      const value = replaced(exports, name, adapted(note, exports[name]));
      Object.defineProperty(instance, "exports", { configurable: true, enumerable: false, value });
      if (getState !== null) this.#states.push(new WeakRef(exports[getState]));
      return instance;
    }, instance);
  }

  // JSPI.

  /** The import again, telling of each call that is to be waited for. What is no object is not waited for. */
  #waiting(host) {
    const slot = this.#stacks.slot("jspi", { through: false, skip: 0 });
    const stacks = this.#stacks;
    const observed = function (...args) {
      const result = Reflect.apply(host, this, args);
      if (typeof result === "object" && result !== null) stacks.note(slot, observed);
      return result;
    };
    return { slot, observed };
  }

  #newSuspending(target, args, newTarget) {
    if (typeof args[0] !== "function") return Reflect.construct(target, args, newTarget);
    const { slot, observed } = this.#waiting(args[0]);
    const suspending = Reflect.construct(target, [observed, ...args.slice(1)], newTarget);
    this.#slots.set(suspending, slot);
    return suspending;
  }

  /** Before Suspending there was WebAssembly.Function with an option; V8 had it until Node 22. */
  #newFunction(target, args, newTarget) {
    const [type, host, options] = args;
    if (options?.suspending === undefined || typeof host !== "function") return Reflect.construct(target, args, newTarget);
    const { slot, observed } = this.#waiting(host);
    const made = Reflect.construct(target, [type, observed, ...args.slice(2)], newTarget);
    this.#slots.set(made, slot);
    return made;
  }

  #promising(target, self, args) {
    const made = Reflect.apply(target, self, args);
    const index = this.#part.guard(() => {
      const index = Number(args[0].name);
      this.#promised.add(index);
      this.#part.write({ kind: "promising", index });
      return args[0].name;
    });
    const watch = this.#errors.watcher(`promising ${index}`);
    return new Proxy(made, { apply: (exported, receiver, values) => watch(Reflect.apply(exported, receiver, values)) });
  }

  end(status) {
    const part = this.#part;
    if (part.ended) return;
    part.guard(() => this.#stacks.flush());
    // What was preloaded to run a build in the module's place goes through ours.
    const ours = globalThis[Symbol.for("stackswitch.instrumented")] === true;
    for (const [name, value] of ours ? [] : this.#hooked) {
      const found = part.guard(() => globalThis.WebAssembly?.[name]);
      // Taken away (so that glue picks its Asyncify build) is not replaced.
      if (found !== undefined && found !== value) {
        part.error(`the program has put another WebAssembly.${name} in place of the observed one: what went past ours is missing`);
      }
    }
    const states = this.#states.map((state) => part.guard(() => state.deref()?.(), null) ?? null); // null: it is gone
    this.#states = this.#states.filter((_, at) => states[at] === 0); // the others have been told of, and are of no more use
    part.end({
      kind: "end",
      status,
      ...this.#stacks.totals(),
      unwinding: states.filter((state) => state === 1).length,
      rewinding: states.filter((state) => state === 2).length,
    });
  }
}

module.exports = { install };
