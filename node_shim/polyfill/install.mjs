// The polyfill proper: what glue written for JSPI looks for, put where it looks.

import { readResponse } from "../wasm/streaming.mjs";
import { createSwitching } from "./core.mjs";
import { hasNativeJspi } from "./values.mjs";

/** @typedef {Omit<typeof WebAssembly, "SuspendError"> & {SuspendError?: any}} Native */

/**
 * Install `Suspending`, `promising` and `SuspendError`, which drive Asyncify builds, unless the engine has its own.
 *
 * @param {object} [options]
 * @param {boolean} [options.force] install them all the same
 * @param {typeof WebAssembly} [options.target]
 * @param {number} [options.stackBytes] room for one saved stack
 * @param {number} [options.cStackBytes] the C stack of a call that begins while others wait
 * @param {boolean} [options.growMemory] add pages to the memory of a guest without `malloc`
 * @param {boolean} [options.suspendAlways] suspend a call even where the import returned no promise, as the specification says
 *   (default); false: such an import returns at once
 * @param {boolean | import("./instrument.mjs").InstrumentOptions} [options.instrument] instrument modules that are no Asyncify builds
 *   and have imports that wait, as they are instantiated: on Node, with npm's `binaryen`
 * @returns a function that takes all of it back; null: nothing was done
 */
export function install({ force = false, target = globalThis.WebAssembly, ...options } = {}) {
  if (!force && hasNativeJspi(target)) return null;
  const { Module, Instance, compile, compileStreaming, instantiate, instantiateStreaming } = target;
  const SuspendError = typeof target.SuspendError === "function" ? target.SuspendError : undefined;
  /** @type {any} */
  const native = { Module, Instance, compile, compileStreaming, instantiate, instantiateStreaming, SuspendError };
  const switching = createSwitching({ native, ...options });
  const { Suspending, promising } = switching;
  return patch(target, { ...wrappers(native, switching), Suspending, promising, SuspendError: switching.SuspendError });
}

/**
 * @param {Native} native
 * @param {ReturnType<typeof createSwitching>} switching
 */
function wrappers(native, { remember, join, read }) {
  const Module = constructorLike(native.Module, (make, args) => remember(make(args), read(args[0])));
  const Instance = constructorLike(native.Instance, (make, [module, imports, ...rest]) => {
    const joint = module instanceof native.Module ? join(module, imports) : null;
    const instance = make(joint === null ? [module, imports, ...rest] : [joint.module, joint.imports, ...rest]);
    joint?.connect(instance.exports);
    return instance;
  });

  /** @type {typeof WebAssembly.compile} */
  const compile = async (source, ...rest) => {
    const types = read(source); // now: the caller may change the bytes while the engine compiles
    return remember(await native.compile.call(WebAssembly, source, ...rest), types);
  };

  /** @type {typeof WebAssembly.instantiate} */
  const instantiateModule = async (module, imports, ...rest) => {
    const joint = join(module, imports);
    const instance = await native.instantiate.call(WebAssembly, joint.module, joint.imports, ...rest);
    joint.connect(instance.exports);
    return instance;
  };

  /** @type {typeof WebAssembly.instantiate} */
  const instantiate = async (source, imports, ...rest) => {
    if (source instanceof native.Module) return instantiateModule(source, imports, ...rest);
    const module = await compile(source, ...rest);
    return { module, instance: await instantiateModule(module, imports, ...rest) };
  };

  const nativeStreaming = native.compileStreaming;
  if (nativeStreaming === undefined) return { Module, Instance, compile, instantiate };
  // What streams has to be read as bytes: the types of its imports stand in them.
  /** @type {typeof nativeStreaming} */
  const compileStreaming = async (source, ...rest) => {
    const { response, bytes } = await readResponse(source);
    return bytes === null ? nativeStreaming.call(WebAssembly, response, ...rest) : compile(bytes, ...rest);
  };
  /** @type {typeof WebAssembly.instantiate} */
  const instantiateStreaming = async (source, imports, ...rest) => {
    const module = await compileStreaming(source, ...rest);
    return { module, instance: await instantiateModule(module, imports, ...rest) };
  };
  return { Module, Instance, compile, instantiate, compileStreaming, instantiateStreaming };
}

/**
 * @param {any} original
 * @param {(make: (args: any[]) => any, args: any[]) => any} construct
 */
function constructorLike(original, construct) {
  const proxy = new Proxy(original, {
    construct: (target, args, newTarget) => construct((given) => Reflect.construct(target, given, newTarget === proxy ? target : newTarget), args),
  });
  return proxy;
}

/**
 * @param {object} target
 * @param {Record<string, unknown>} values
 */
function patch(target, values) {
  const before = Object.getOwnPropertyDescriptors(target);
  for (const [name, value] of Object.entries(values)) {
    const enumerable = Reflect.get(before, name)?.enumerable ?? name === "promising"; // an operation is, a class is not
    Object.defineProperty(target, name, { value, writable: true, enumerable, configurable: true });
  }
  return () => {
    for (const name of Object.keys(values)) {
      const descriptor = Reflect.get(before, name);
      if (descriptor === undefined) Reflect.deleteProperty(target, name);
      else Object.defineProperty(target, name, descriptor);
    }
  };
}
