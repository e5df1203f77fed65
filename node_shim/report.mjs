// For builds that report (`stackswitch instrument --report`): where Asyncify is about to set a stack aside, the stack
// is compared with the functions that the build says are instrumented, and one that lacks some is reported, before
// anything is corrupted. Needs nothing but Error.stack, so it runs in browsers and in any engine whose stacks tell
// function indexes (V8, SpiderMonkey, JavaScriptCore).

import { frameOfSite, parseFrame } from "./stacks/frames.mjs";

const SECTION = "stackswitch.instrumented";
/** JavaScriptCore has no index and no offset: the name stands in their place. */
const NAMED = /wasm-function\[(.+?)\](?:[@)]|$)/;
const INVOKE = /\binvoke_/;

/** A function on the stack is not instrumented: had the stack been set aside, the guest would have gone wrong. */
export class MissingFunctionError extends Error {
  constructor(line) {
    super(`${line.missing.join(", ")} on the stack at a wait for ${line.import}, and not instrumented`);
    this.name = "MissingFunctionError";
    this.missing = line.missing;
    this.line = line;
  }
}

/** @returns what a build says of itself, or null: it does not report */
export function readSection(module) {
  const [bytes] = WebAssembly.Module.customSections(module, SECTION);
  if (bytes === undefined) return null;
  const told = JSON.parse(new TextDecoder().decode(bytes));
  if (told.schema_version !== 1) return null;
  const instrumented = new Set();
  for (const [first, last] of told.instrumented) for (let at = first; at <= last; at++) instrumented.add(at);
  return { module: told.module, imports: new Set(told.imports), instrumented };
}

/**
 * Have all instances of builds that report compare their stacks.
 *
 * @param {object} options
 * @param {(line: object) => void} options.report told each new stack that lacks names, as a line of a trace
 *   (docs/trace-format.md); default: a warning on the console
 * @param {boolean} options.goOn set the stack aside all the same (and go wrong as without us); default: throw
 *   MissingFunctionError into the guest, whose call ends with it
 * @param {object} options.target default `globalThis.WebAssembly`
 * @returns what takes it back
 */
export function install({ report = warn, goOn = false, target = globalThis.WebAssembly } = {}) {
  const { Instance: NativeInstance, instantiate, compileStreaming, instantiateStreaming } = target;
  const shown = new WeakMap(); // an instance's exports → those that the program gets
  const options = { report, goOn, shown };
  const getter = Object.getOwnPropertyDescriptor(NativeInstance.prototype, "exports");
  const get = new Proxy(getter.get, {
    apply(native, instance, args) {
      const exports = Reflect.apply(native, instance, args);
      return shown.get(exports) ?? exports;
    },
  });
  Object.defineProperty(NativeInstance.prototype, "exports", { ...getter, get });

  const make = (module, imports, construct) => {
    const watch = watchOf(module, options);
    if (watch === null) return construct(imports);
    const made = construct(watch.imports(imports));
    return typeof made.then === "function" ? made.then((instance) => watch.instance(instance)) : watch.instance(made);
  };
  const Instance = new Proxy(NativeInstance, {
    construct: (native, [module, imports], newTarget) =>
      make(module, imports, (given) => Reflect.construct(native, [module, given], newTarget)),
  });
  const instantiateWatched = async (source, imports, ...rest) => {
    if (source instanceof target.Module) return make(source, imports, (given) => instantiate.call(target, source, given, ...rest));
    const module = await target.compile(source, ...rest);
    return { module, instance: await instantiateWatched(module, imports, ...rest) };
  };
  const streamed = async (source, imports, ...rest) => {
    const module = await compileStreaming.call(target, source, ...rest);
    return { module, instance: await instantiateWatched(module, imports, ...rest) };
  };
  Object.assign(target, { Instance, instantiate: instantiateWatched });
  if (instantiateStreaming !== undefined) target.instantiateStreaming = streamed;
  return () => {
    Object.assign(target, { Instance: NativeInstance, instantiate });
    Object.defineProperty(NativeInstance.prototype, "exports", getter);
    if (instantiateStreaming !== undefined) target.instantiateStreaming = instantiateStreaming;
  };
}

function warn(line) {
  console.warn(`stackswitch: missing from the Asyncify list: ${line.missing.join(", ")} ${JSON.stringify(line)}`);
}

/** An object that gives what another has, each property as `seen` returns it; what is no object stays. */
function reading(object, seen) {
  if (object === null || (typeof object !== "object" && typeof object !== "function")) return object;
  return new Proxy({}, { get: (_, key) => seen(Reflect.get(object, key), key) });
}

/** What watches the instances of a module; null: it is no build that reports. */
function watchOf(module, { report, goOn, shown }) {
  const section = readSection(module);
  if (section === null) return null;
  const told = new Set();
  let waiting = "";
  let names;
  let exported = new Map();

  // Which import waits is known by its being called last.
  const noting = (host, name) => {
    if (typeof host !== "function" || !section.imports.has(name)) return host;
    return (...args) => {
      waiting = name;
      return host(...args);
    };
  };
  const imports = (given) =>
    reading(given, (space, from) => reading(space, (host, name) => noting(host, `${from}.${name}`)));

  const check = () => {
    const frames = guestFrames((name) => (names ??= functionNames(module)).index(name));
    const missing = [...new Set(frames)].filter((index) => !section.instrumented.has(index));
    if (missing.length === 0) return;
    names ??= functionNames(module);
    const line = {
      kind: "suspension",
      module: section.module,
      backend: "asyncify",
      import: waiting,
      export: exported.get(frames[frames.length - 1]) ?? "",
      frames: frames.map((index) => [index, -1, names.of(index)]),
      missing: missing.map(names.of),
      count: 1,
    };
    const key = `${waiting} ${frames}`;
    if (!told.has(key)) {
      told.add(key);
      report(line);
    }
    if (!goOn) throw new MissingFunctionError(line);
  };

  const instance = (made) => {
    const { asyncify_start_unwind: unwind } = made.exports;
    if (typeof unwind !== "function") return made;
    // An exported function's name is its index.
    exported = new Map(Object.entries(made.exports).map(([name, value]) => [typeof value === "function" ? Number(value.name) : -1, name]));
    const exports = Object.assign(Object.create(null), made.exports, {
      asyncify_start_unwind: (at) => {
        check();
        return unwind(at);
      },
    });
    shown.set(made.exports, Object.freeze(exports));
    return made;
  };
  return { imports, instance };
}

/** Function indexes of the guest's frames, innermost first, down to the host that called in. */
function guestFrames(indexOf) {
  const frames = [];
  let module;
  for (const raw of rawFrames()) {
    const frame = wasmFrame(raw, indexOf);
    if (frame !== null) {
      module ??= frame[0];
      if (frame[0] === module && frame[1] !== undefined) frames.push(frame[1]);
    } else if (frames.length > 0 && !INVOKE.test(typeof raw === "string" ? raw : raw.getFunctionName())) {
      break;
    }
  }
  return frames;
}

/** Call sites where there are such (V8's tell the index in all hosts, its text does not in Deno); else lines of text. */
function rawFrames() {
  const { stackTraceLimit, prepareStackTrace } = Error;
  const holder = {};
  try {
    if (stackTraceLimit !== undefined) Error.stackTraceLimit = Infinity;
    Error.prepareStackTrace = (_, sites) => sites;
    if (typeof Error.captureStackTrace === "function") Error.captureStackTrace(holder);
    else holder.stack = new Error("here").stack;
    return Array.isArray(holder.stack) ? holder.stack : String(holder.stack).split("\n");
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    if (stackTraceLimit !== undefined) Error.stackTraceLimit = stackTraceLimit;
  }
}

/** @returns {[string, number | undefined] | null} which module, and the function's index; null: a frame of the host */
function wasmFrame(raw, indexOf) {
  const frame = typeof raw === "string" ? parseFrame(raw) : frameOfSite(raw);
  if (frame !== null) return frame;
  const named = NAMED.exec(typeof raw === "string" ? raw : String(raw.getFunctionName()))?.[1];
  return named === undefined ? null : ["", indexOf(named) ?? (/^\d+$/.test(named) ? Number(named) : undefined)];
}

/** @returns names by index as the module has them (the nameless go by their place among the defined), and indexes by name */
function functionNames(module) {
  const found = new Map();
  const [section] = WebAssembly.Module.customSections(module, "name");
  const bytes = new Uint8Array(section ?? 0);
  const decoder = new TextDecoder();
  let at = 0;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80 || byte === undefined) return value;
    }
  };
  while (at < bytes.length) {
    const kind = bytes[at++];
    const end = number() + at;
    if (kind === 1) {
      for (let left = number(); left > 0 && at < end; left--) {
        const index = number();
        const size = number();
        found.set(index, decoder.decode(bytes.subarray(at, at + size)));
        at += size;
      }
    }
    at = end;
  }
  const imported = WebAssembly.Module.imports(module).filter((each) => each.kind === "function").length;
  const indexes = new Map([...found].map(([index, name]) => [name, index]));
  return { of: (index) => found.get(index) ?? String(index - imported), index: (name) => indexes.get(name) };
}
