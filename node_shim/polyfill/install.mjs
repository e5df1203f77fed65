// The polyfill proper: what glue written for JSPI looks for, put where it looks.

import { createSwitching } from "./core.mjs";

const STREAMING_TYPE = /^application\/wasm\s*(;|$)/i;

/** Whether the engine has the API: whether that holds when hot, only trying tells. */
export function hasNativeJspi(target = globalThis.WebAssembly) {
  return typeof target.Suspending === "function" && typeof target.promising === "function";
}

/**
 * Install `Suspending`, `promising` and `SuspendError`, which drive Asyncify builds, unless the engine has its own.
 *
 * @param force install them all the same
 * @param stackBytes room for one saved stack
 * @param suspendAlways set a call aside even where the import returned no promise, as engines do
 * @returns a function that takes all of it back; null: nothing was done
 */
export function install({ force = false, target = globalThis.WebAssembly, ...options } = {}) {
  if (!force && hasNativeJspi(target)) return null;
  const native = { ...pick(target, ["Module", "Instance", "compile", "compileStreaming", "instantiate", "instantiateStreaming"]) };
  native.SuspendError = typeof target.SuspendError === "function" ? target.SuspendError : undefined;
  const switching = createSwitching({ native, ...options });
  return patch(target, { ...wrappers(native, switching), ...pick(switching, ["Suspending", "SuspendError", "promising"]) });
}

const pick = (object, names) => Object.fromEntries(names.map((name) => [name, object[name]]));

function wrappers(native, switching) {
  const { remember, join, read } = switching;

  const Module = constructorLike(native.Module, (make, args) => remember(make(args), read(args[0])));
  const Instance = constructorLike(native.Instance, (make, [module, imports, ...rest]) => {
    const joint = module instanceof native.Module ? join(module, imports) : null;
    const instance = make([module, joint === null ? imports : joint.imports, ...rest]);
    joint?.connect(instance.exports);
    return instance;
  });

  const compile = async (source, ...rest) => {
    const types = read(source); // now: the caller may change the bytes while the engine compiles
    return remember(await native.compile.call(WebAssembly, source, ...rest), types);
  };

  const instantiateModule = async (module, imports, ...rest) => {
    const joint = join(module, imports);
    const instance = await native.instantiate.call(WebAssembly, module, joint === null ? imports : joint.imports, ...rest);
    joint?.connect(instance.exports);
    return instance;
  };

  const instantiate = async (source, imports, ...rest) => {
    if (source instanceof native.Module) return instantiateModule(source, imports, ...rest);
    const module = await compile(source, ...rest);
    return { module, instance: await instantiateModule(module, imports, ...rest) };
  };

  // What streams has to be read as bytes: the types of its imports stand in them.
  const compileStreaming = async (source, ...rest) => {
    const response = await source;
    const type = response.headers?.get("content-type") ?? "";
    if (!response.ok || !STREAMING_TYPE.test(type)) return native.compileStreaming.call(WebAssembly, response, ...rest); // it says what is wrong
    return compile(await response.arrayBuffer(), ...rest);
  };
  const instantiateStreaming = async (source, imports, ...rest) => {
    const module = await compileStreaming(source, ...rest);
    return { module, instance: await instantiateModule(module, imports, ...rest) };
  };

  const streaming = native.compileStreaming === undefined ? {} : { compileStreaming, instantiateStreaming };
  return { Module, Instance, compile, instantiate, ...streaming };
}

function constructorLike(original, construct) {
  const proxy = new Proxy(original, {
    construct: (target, args, newTarget) => construct((given) => Reflect.construct(target, given, newTarget === proxy ? target : newTarget), args),
  });
  return proxy;
}

function patch(target, values) {
  const before = Object.entries(values).map(([name, value]) => {
    const descriptor = Object.getOwnPropertyDescriptor(target, name);
    Object.defineProperty(target, name, { value, writable: true, enumerable: false, configurable: true });
    return [name, descriptor];
  });
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor === undefined) delete target[name];
      else Object.defineProperty(target, name, descriptor);
    }
  };
}
