// JSPI for instances with a C stack, so that calls may overlap: a stack for each, kept by adapters in wasm.
//
//     const switching = concurrentJspi();
//     const module = switching.compile(bytes);
//     const { exports } = switching.instantiate(module, { env: { wait: switching.suspending(async () => 7) } });
//     const run = switching.promising(exports.run);
//     await Promise.all([run(1), run(2)]);
//     switching.notes;    // why calls had to run one after another, if they had to

import { makeImports } from "./adapters.mjs";
import { readModule } from "./module.mjs";
import { CallsInTurn, CallStacks, REGION_BYTES } from "./call-stacks.mjs";

const POINTER = "__stack_pointer";

const isMutable = (global) => {
  try {
    global.value = global.value;
    return true;
  } catch {
    return false;
  }
};
const isPointer = (value) => value instanceof WebAssembly.Global && ["number", "bigint"].includes(typeof value.value) && isMutable(value);

/** Emscripten's functions, by the names it has given them over the years. */
const POINTER_FUNCTIONS = [
  ["emscripten_stack_get_current", "_emscripten_stack_restore"],
  ["stackSave", "stackRestore"],
];

function pointerFunctions(exports) {
  for (const [get, set] of POINTER_FUNCTIONS) {
    if (typeof exports[get] === "function" && typeof exports[set] === "function") return { get: exports[get], set: exports[set] };
  }
  return null;
}

/** What is given for the first import of a kind, of a name if one is asked for. */
function imported(module, imports, kind, wanted = null) {
  const found = WebAssembly.Module.imports(module).find((each) => each.kind === kind && (wanted === null || each.name === wanted));
  return found === undefined ? null : imports?.[found.module]?.[found.name] ?? null;
}

/**
 * @param separate whether calls get stacks of their own where they can; without, they share one, as in the engine
 * @param regionBytes the room of each
 */
export function concurrentJspi({ separate = true, regionBytes = REGION_BYTES } = {}) {
  const hosts = new WeakMap(); // by their Suspending
  const facts = new WeakMap(); // by module
  const byFunction = new WeakMap(); // by exported function
  const byPointer = new WeakMap(); // by the global that side modules have in common
  const notes = new Set();

  function suspending(host) {
    const made = new WebAssembly.Suspending(host);
    hosts.set(made, host);
    return made;
  }

  function compile(bytes) {
    const module = new WebAssembly.Module(bytes);
    if (separate) facts.set(module, readModule(bytes));
    return module;
  }

  const inTurn = (why) => new CallsInTurn(() => notes.add(`calls ran one after another: ${why}`));

  /** How calls on an instance of the module are kept apart; null: there is nothing to keep apart. */
  function stacksFor(module, given) {
    const shared = given === null ? undefined : byPointer.get(given);
    if (shared !== undefined) return shared;
    const names = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
    const has = (pair) => pair.every((name) => names.has(name));
    if (!isPointer(given) && !names.has(POINTER) && !POINTER_FUNCTIONS.some(has)) return null;
    const noRoom = () => notes.add("calls ran one after another: the guest's memory has no room for another C stack");
    return new CallStacks(facts.get(module).wide, regionBytes, noRoom);
  }

  /** The waiting imports of a module that can have an adapter: not those that it imports by two types. */
  function waiting(module, imports) {
    const found = [];
    for (const [key, type] of facts.get(module)?.imports ?? []) {
      const [from, name] = key.split("\0");
      const host = hosts.get(imports?.[from]?.[name] ?? notes);
      if (host !== undefined && type !== null) found.push({ from, name, host, type });
    }
    return found;
  }

  /** The imports again, the waiting ones by way of adapters. */
  function adapted(module, imports, found, stacks) {
    const types = found.map(({ type }) => type);
    const guest = facts.get(module);
    const called = found.map(({ host, type }) => new WebAssembly.Suspending(stacks.leaving(host, guest.types[type].params.length)));
    const functions = makeImports(guest, stacks.wide, stacks.hub, types, called);
    const out = { ...imports };
    for (const [at, { from, name }] of found.entries()) {
      if (out[from] === imports[from]) out[from] = { ...imports[from] };
      out[from][name] = functions[at];
    }
    return out;
  }

  /** @param hidden why the C stack of this module cannot be reached, if it has one; null: it can, or there is none */
  function instantiate(module, imports, hidden = null) {
    const found = waiting(module, imports);
    if (found.length === 0) return new WebAssembly.Instance(module, imports);
    if (hidden !== null) return known(new WebAssembly.Instance(module, imports), inTurn(hidden));
    const given = imported(module, imports, "global", POINTER);
    const stacks = stacksFor(module, given);
    if (stacks === null) return new WebAssembly.Instance(module, imports);
    const instance = new WebAssembly.Instance(module, adapted(module, imports, found, stacks));
    const { exports } = instance;
    const pointer = [exports[POINTER], given].find(isPointer) ?? pointerFunctions(exports);
    if (pointer === null) return known(instance, inTurn(`${POINTER} is not a mutable global`));
    stacks.connect(pointer, exports, imported(module, imports, "memory"));
    if (pointer instanceof WebAssembly.Global) byPointer.set(pointer, stacks);
    return known(instance, stacks);
  }

  function known(instance, stacks) {
    for (const value of Object.values(instance.exports)) if (typeof value === "function" && !byFunction.has(value)) byFunction.set(value, stacks);
    return instance;
  }

  /** @param isNested whether a call under way on the instance waits for these */
  function promising(exported, { isNested = false } = {}) {
    const stacks = byFunction.get(exported);
    if (stacks === undefined) return WebAssembly.promising(exported);
    const call = stacks.promising(exported);
    return (...args) => call(args, isNested);
  }

  return {
    suspending,
    promising,
    compile,
    instantiate,
    notes,
    /** Whether the pointer is put back after failed calls of an export: a host must not. */
    keepsPointer: (exported) => byFunction.get(exported) instanceof CallStacks,
  };
}
