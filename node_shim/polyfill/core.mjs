// JSPI's two functions over Asyncify: `Suspending` wraps imports, `promising` wraps exports, `instantiate` joins them.
//
// What is on the native stack is known without looking at it: each call through `promising` and each import of the
// guest's has an entry. A wait is in order if the innermost entry is a call on the same instance. An import's
// entry there means that a JavaScript frame lies between; none means that the export was not called through `promising`.

import { AsyncifyError, SuspendError as OwnSuspendError } from "./errors.mjs";
import { Guest, NORMAL, REWINDING, UNWINDING } from "./runtime.mjs";
import { dummyResult, moduleTypes } from "./types.mjs";

const STATE_GLOBAL = "__asyncify_state";
const NO_TYPES = moduleTypes(new Uint8Array());

/** A call through `promising`, from its beginning to its end. */
class Call {
  constructor(target, args, resolve, reject) {
    this.target = target;
    this.args = args;
    this.resolve = resolve;
    this.reject = reject;
    this.guest = null;
    this.isImport = false;
    this.promise = null; // what it waits for
    this.which = null; // the import it waits in
    this.value = undefined; // what that returns, or throws if `failed`
    this.failed = false;
    this.saved = null; // its saved stack, while another has the data block
    this.outside = null; // the C stack pointer as it was when the call was entered
    this.pointer = null; // and when it was set aside
    this.region = null;
  }
}

/** An import under way. */
class Host {
  constructor(name) {
    this.name = name;
  }
}

/** `WebAssembly.Suspending`. */
class Suspending {
  constructor(host) {
    if (typeof host !== "function") throw new TypeError("WebAssembly.Suspending(): Argument 0 must be a function");
    hosts.set(this, host);
  }

  get [Symbol.toStringTag]() {
    return "WebAssembly.Suspending";
  }
}
const hosts = new WeakMap();

const isThenable = (value) => value !== null && (typeof value === "object" || typeof value === "function") && typeof value.then === "function";

function bytesOf(source) {
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  const kind = Object.prototype.toString.call(source);
  return kind === "[object ArrayBuffer]" || kind === "[object SharedArrayBuffer]" ? new Uint8Array(source) : null;
}

let probeTable;

/** Whether a value is a function of some instance: nothing else can be put into a table. */
function isExportedFunction(value) {
  if (typeof value !== "function") return false;
  probeTable ??= new WebAssembly.Table({ element: "anyfunc", initial: 1 });
  try {
    probeTable.set(0, value);
  } catch {
    return false;
  }
  probeTable.set(0, null);
  return true;
}

/**
 * @param native the engine's own `{Module, Instance}` (default: `WebAssembly`)
 * @param stackBytes room for one saved stack (default: 1 MiB, or all of a memory that is there for nothing else)
 * @param suspendAlways set a call aside even where the import returned no promise, as engines do
 */
export function createSwitching({ native = WebAssembly, stackBytes, suspendAlways = false } = {}) {
  const { Instance, Module } = native;
  const SuspendError = native.SuspendError ?? OwnSuspendError;
  const entries = [];
  const types = new WeakMap();
  const guests = new WeakMap(); // by exported function
  const shared = new WeakMap(); // by the global that side modules have in common

  /** Read the types of a module's imports, which it cannot be asked for; null: not bytes, the engine will say so. */
  function read(source) {
    const bytes = bytesOf(source);
    return bytes === null ? null : moduleTypes(bytes);
  }

  function remember(module, found) {
    if (found !== null) types.set(module, found);
    return module;
  }

  // --- exports

  function promising(target) {
    if (!isExportedFunction(target)) throw new TypeError("WebAssembly.promising(): Argument 0 must be a WebAssembly exported function");
    const known = guests.get(target);
    return (...args) => new Promise((resolve, reject) => {
      const call = new Call(target, args, resolve, reject);
      if (known !== undefined) {
        call.guest = known.guest;
        call.isImport = known.isImport;
        try {
          call.guest.begin(call, entries.length > 0);
        } catch (error) {
          return reject(error);
        }
      }
      step(call);
    });
  }

  /** Run a call until it ends or is set aside. */
  function step(call) {
    const depth = entries.push(call);
    let result;
    try {
      result = call.target(...call.args);
    } catch (error) {
      leave(depth);
      call.failed = true;
      fail(call, call.guest === null ? error : call.guest.why(error));
      return;
    }
    leave(depth);
    const { guest } = call;
    if (guest === null || guest.state === NORMAL) {
      call.failed = false;
      guest?.end(call);
      call.resolve(result);
    } else if (guest.state === UNWINDING) wait(call);
    else fail(call, guest.notReached());
  }

  /** Take a call's entry away, and what others could not take away for want of stack. */
  function leave(depth) {
    if (entries.length !== depth) entries.length = depth;
    entries.pop();
  }

  function fail(call, error) {
    call.failed = true;
    call.guest?.end(call);
    call.reject(error);
  }

  function wait(call) {
    const { promise } = call;
    call.promise = null;
    try {
      call.guest.unwound(call);
    } catch (error) {
      isThenable(promise) && Promise.resolve(promise).catch(() => {});
      fail(call, error);
      return;
    }
    Promise.resolve(promise).then(
      (value) => goOn(call, value, false),
      (error) => goOn(call, error, true),
    );
  }

  function goOn(call, value, failed) {
    call.value = value;
    call.failed = failed;
    try {
      call.guest.rewind(call);
    } catch (error) {
      fail(call, error);
      return;
    }
    step(call);
  }

  // --- imports

  function suspendingImport(guest, host, name, dummy) {
    const entry = new Host(name);
    return function suspending(...args) {
      if (guest.state === REWINDING) return arrive(guest, suspending);
      if (guest.state === UNWINDING) throw new AsyncifyError("import-while-unwinding", name);
      const call = entries[entries.length - 1];
      if (!(call instanceof Call) || (call.guest !== guest && call.guest !== null)) throw refused(call, guest, name);
      if (!guest.isReady) throw new SuspendError(`${name} cannot suspend: the module has no asyncify_start_unwind among its exports: it is no Asyncify build`);
      guest.prepare();
      if (call.guest === null) guest.adopt(call);
      entries.push(entry);
      let value;
      try {
        value = host(...args);
      } finally {
        entries.pop();
      }
      if (!suspendAlways && !isThenable(value)) return value;
      call.promise = value;
      guest.unwind(call, suspending);
      return dummy;
    };
  }

  function arrive(guest, which) {
    const call = entries[entries.length - 1];
    guest.arrive(call, which);
    const { value } = call;
    call.value = undefined;
    if (!call.failed) return value;
    call.failed = false;
    throw value;
  }

  function refused(below, guest, name) {
    if (below === undefined) {
      return new SuspendError(`trying to suspend without WebAssembly.promising: ${name} was called by an export that was called directly, or by a start function`);
    }
    if (below instanceof Host) {
      return new SuspendError(`trying to suspend JavaScript frames: ${name} was called by an export that the import ${below.name} called directly`);
    }
    return new SuspendError(`trying to suspend across instances: ${name} was called with frames of another instance on the stack, whose Asyncify state is another`);
  }

  /** An import that does not wait: it only leaves its entry, and must not be called in the middle of a switch. */
  function plainImport(guest, host, name, arity) {
    const entry = new Host(name);
    const enter = () => {
      if (guest.state !== NORMAL) throw new AsyncifyError(guest.state === UNWINDING ? "import-while-unwinding" : "import-while-rewinding", name);
      entries.push(entry);
    };
    // Fixed numbers of arguments where the type is known: engines call those sooner.
    switch (arity) {
      case 0:
        return () => {
          enter();
          try {
            return host();
          } finally {
            entries.pop();
          }
        };
      case 1:
        return (a) => {
          enter();
          try {
            return host(a);
          } finally {
            entries.pop();
          }
        };
      case 2:
        return (a, b) => {
          enter();
          try {
            return host(a, b);
          } finally {
            entries.pop();
          }
        };
      case 3:
        return (a, b, c) => {
          enter();
          try {
            return host(a, b, c);
          } finally {
            entries.pop();
          }
        };
      default:
        return (...args) => {
          enter();
          try {
            return host(...args);
          } finally {
            entries.pop();
          }
        };
    }
  }

  // --- instances

  /**
   * Make what the engine is to be given.
   *
   * @returns `imports`, and `connect`, to be called with the exports; null: the module can be given as it is
   */
  function join(module, imports) {
    const wanted = Module.imports(module);
    const asyncified = Module.exports(module).some(({ name }) => name === "asyncify_start_unwind");
    const given = ({ module: from, name }) => imports?.[from]?.[name];
    const state = wanted.map((each) => (each.kind === "global" && each.name === STATE_GLOBAL ? given(each) : undefined)).find((each) => each !== undefined);
    if (!asyncified && state === undefined && !wanted.some((each) => hosts.has(given(each) ?? null))) return null;
    const moduleTypes = types.get(module) ?? NO_TYPES;
    let guest = state === undefined ? undefined : shared.get(state);
    if (guest === undefined) guest = new Guest(stackBytes);
    if (state !== undefined) shared.set(state, guest);
    const joined = {};
    let memory;
    for (const each of wanted) {
      joined[each.module] ??= {};
      if (each.name in joined[each.module]) continue;
      const value = given(each);
      if (each.kind === "memory") memory ??= value;
      joined[each.module][each.name] = each.kind === "function" ? wrapped(guest, value, each, moduleTypes) : value;
    }
    const connect = (exports) => {
      guest.connect(exports, memory);
      for (const [name, value] of Object.entries(exports)) {
        if (typeof value === "function" && !guests.has(value)) guests.set(value, { guest, isImport: moduleTypes.handedOn.has(name) });
      }
    };
    return { imports: joined, connect };
  }

  function wrapped(guest, value, { module, name }, { imports: known }) {
    const host = value === null || typeof value !== "object" ? undefined : hosts.get(value);
    const type = known.get(`${module}\0${name}`);
    if (host !== undefined) return suspendingImport(guest, host, `${module}.${name}`, dummyResult(type));
    if (typeof value !== "function" || isExportedFunction(value)) return value;
    return plainImport(guest, value, `${module}.${name}`, type?.params.length);
  }

  function instantiate(module, imports) {
    const joint = module instanceof Module ? join(module, imports) : null;
    const instance = new Instance(module, joint === null ? imports : joint.imports);
    joint?.connect(instance.exports);
    return instance;
  }

  return { Suspending, SuspendError, promising, instantiate, join, read, remember };
}
