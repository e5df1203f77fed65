// For builds that report (`stackswitch instrument --report`): where Asyncify is about to unwind, the stack is compared with
// the functions that the build says are instrumented, and a stack that lacks some is reported, before anything is
// corrupted. Needs nothing but Error.stack, so it runs in browsers and in any engine whose stacks name functions.

import { functionNames, readSection } from "./build.mjs";
import { functionsOnStack } from "./stack.mjs";

/**
 * @typedef {object} ReportedLine a line of a trace (docs/trace-format.md)
 * @property {string} import
 * @property {string[]} missing
 */
/** @typedef {{report: (line: any) => void, goOn: boolean, shown: WeakMap<object, object>}} Options */

/** A function on the stack is not instrumented: had the call been suspended, the guest would have gone wrong. */
export class MissingFunctionError extends Error {
  /** @param {ReportedLine} line */
  constructor(line) {
    super(`${line.missing.join(", ")} on the stack at a wait for ${line.import}, and not instrumented`);
    this.name = "MissingFunctionError";
    this.missing = line.missing;
    this.line = line;
  }
}

/**
 * Have all instances of builds that report compare their stacks.
 *
 * @param {object} [options]
 * @param {(line: any) => void} [options.report] gets each new stack that lacks names, as a line of a trace
 *   (docs/trace-format.md); default: a warning on the console
 * @param {boolean} [options.goOn] suspend the call all the same (and go wrong as without us); default: throw
 *   MissingFunctionError into the guest, whose call ends with it
 * @param {typeof WebAssembly} [options.target] default `globalThis.WebAssembly`
 * @returns what takes it back
 */
export function install({ report = warn, goOn = false, target = globalThis.WebAssembly } = {}) {
  const { Instance, instantiate, compileStreaming, instantiateStreaming } = target;
  /** @type {WeakMap<object, object>} an instance's exports → those that the program gets */
  const shown = new WeakMap();
  const options = { report, goOn, shown };
  const getter = Object.getOwnPropertyDescriptor(Instance.prototype, "exports") ?? {};
  const get = new Proxy(/** @type {() => any} */ (getter.get), {
    apply(native, instance, args) {
      const exports = Reflect.apply(native, instance, args);
      return shown.get(exports) ?? exports;
    },
  });
  Object.defineProperty(Instance.prototype, "exports", { ...getter, get });

  /** @type {typeof WebAssembly.instantiate} */
  const instantiateChecked = async (source, imports, ...rest) => {
    if (source instanceof target.Module) {
      return make(source, imports, options, (given) => instantiate.call(target, source, given, ...rest));
    }
    const module = await target.compile(source, ...rest);
    return { module, instance: await instantiateChecked(module, imports, ...rest) };
  };
  /** @type {typeof WebAssembly.instantiate} */
  const streamed = async (source, imports, ...rest) => {
    const module = await compileStreaming?.call(target, source, ...rest);
    return { module, instance: await instantiateChecked(module, imports, ...rest) };
  };
  const CheckedInstance = new Proxy(Instance, {
    construct: (native, [module, imports], newTarget) =>
      make(module, imports, options, (given) => Reflect.construct(native, [module, given], newTarget)),
  });
  Object.assign(target, { Instance: CheckedInstance, instantiate: instantiateChecked });
  if (instantiateStreaming !== undefined) target.instantiateStreaming = streamed;
  return () => {
    Object.assign(target, { Instance, instantiate });
    Object.defineProperty(Instance.prototype, "exports", getter);
    if (instantiateStreaming !== undefined) target.instantiateStreaming = instantiateStreaming;
  };
}

/** @param {ReportedLine} line */
function warn(line) {
  console.warn(`stackswitch: missing from the Asyncify list: ${line.missing.join(", ")} ${JSON.stringify(line)}`);
}

/**
 * Make an instance, checked if its build reports.
 *
 * @param {WebAssembly.Module} module
 * @param {WebAssembly.Imports | undefined} imports
 * @param {Options} options
 * @param {(imports: WebAssembly.Imports | undefined) => any} construct gives an instance, or a promise of one
 */
function make(module, imports, options, construct) {
  const section = readSection(module);
  if (section === null) return construct(imports);
  const reporting = new ReportingInstance(module, section, options);
  const made = construct(reporting.imports(imports));
  return typeof made.then === "function" ? made.then((/** @type {WebAssembly.Instance} */ each) => reporting.instance(each)) : reporting.instance(made);
}

/**
 * An object that gives what another has, each property as `change` returns it; what is no object stays.
 *
 * @param {any} object
 * @param {(value: any, key: string) => any} change
 */
function reading(object, change) {
  if (object === null || (typeof object !== "object" && typeof object !== "function")) return object;
  return new Proxy({}, { get: (_, key) => change(Reflect.get(object, key), String(key)) });
}

/** An instance of a build that reports: its stack is checked at each unwind. */
class ReportingInstance {
  #module;
  #section;
  #options;
  /** @type {Set<string>} stacks that were reported */
  #reported = new Set();
  #waiting = "";
  /** @type {import("./build.mjs").FunctionNames | undefined} */
  #functionNames;
  /** @type {Map<number, string>} exports by the index of their function */
  #exported = new Map();

  /**
   * @param {WebAssembly.Module} module
   * @param {NonNullable<ReturnType<typeof readSection>>} section
   * @param {Options} options
   */
  constructor(module, section, options) {
    this.#module = module;
    this.#section = section;
    this.#options = options;
  }

  get #names() {
    return (this.#functionNames ??= functionNames(this.#module));
  }

  /**
   * The imports again: which import waits is known by its being called last.
   *
   * @param {WebAssembly.Imports | undefined} given
   */
  imports(given) {
    return reading(given, (space, from) => reading(space, (host, name) => this.#noteCall(host, `${from}.${name}`)));
  }

  /** @type {(host: any, name: string) => any} */
  #noteCall(host, name) {
    if (typeof host !== "function" || !this.#section.imports.has(name)) return host;
    return (/** @type {any[]} */ ...args) => {
      this.#waiting = name;
      return host(...args);
    };
  }

  /** @param {WebAssembly.Instance} made */
  instance(made) {
    const { exports } = made;
    const { asyncify_start_unwind: unwind } = exports;
    if (typeof unwind !== "function") return made;
    // An exported function's name is its index.
    this.#exported = new Map(Object.entries(exports).map(([name, value]) => [typeof value === "function" ? Number(value.name) : -1, name]));
    const asyncify_start_unwind = (/** @type {WebAssembly.Pointer} */ at) => {
      this.#check();
      return unwind(at);
    };
    this.#options.shown.set(exports, Object.freeze(Object.assign(Object.create(null), exports, { asyncify_start_unwind })));
    return made;
  }

  #check() {
    const frames = functionsOnStack((name) => this.#names.index(name));
    const missing = [...new Set(frames)].filter((index) => !this.#section.instrumented.has(index));
    if (missing.length === 0) return;
    const line = {
      kind: "suspension",
      module: this.#section.module,
      backend: "asyncify",
      import: this.#waiting,
      export: this.#exported.get(frames[frames.length - 1]) ?? "",
      frames: frames.map((index) => [index, -1, this.#names.of(index)]),
      missing: missing.map(this.#names.of),
      count: 1,
    };
    const key = `${this.#waiting} ${frames}`;
    if (!this.#reported.has(key)) {
      this.#reported.add(key);
      this.#options.report(line);
    }
    if (!this.#options.goOn) throw new MissingFunctionError(line);
  }
}
