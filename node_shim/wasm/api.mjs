// All ways in which JavaScript makes modules and instances, with something done on the way.

import { readResponse } from "./streaming.mjs";

/**
 * What is done with modules and instances as they are made.
 *
 * @template Read
 * @typedef {object} Steps
 * @property {(source: any) => Read} read look at bytes, before the engine compiles them
 * @property {(module: WebAssembly.Module, read: Read) => WebAssembly.Module} remember note what was read of a module
 * @property {(module: WebAssembly.Module, imports: any) => {module: WebAssembly.Module, imports: any, connect: (exports: any) => void}} join what to
 *   instantiate instead; `connect` gets the exports
 */

/** The functions and classes of an engine that compile and instantiate. @param {typeof WebAssembly} target @returns {any} */
export function nativeApi({ Module, Instance, compile, compileStreaming, instantiate, instantiateStreaming }) {
  return { Module, Instance, compile, compileStreaming, instantiate, instantiateStreaming };
}

/**
 * The same functions and classes, with steps between.
 *
 * @template Read
 * @param {any} native
 * @param {Steps<Read>} steps
 * @returns {Record<string, unknown>}
 */
export function wrappers(native, { remember, join, read }) {
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
  /** @type {(source: any, ...rest: any[]) => Promise<WebAssembly.Module>} */
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
 * Put values where others were, enumerable as they were.
 *
 * @param {object} target
 * @param {Record<string, unknown>} values
 * @returns what takes them back
 */
export function patch(target, values) {
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
