// All ways to compile bytes, with the bytes of a build put in their place. What is a module already was compiled through here.

import { bytesOf } from "../polyfill/values.mjs";
import { readResponse } from "../wasm/streaming.mjs";
import { Builds } from "./builds.mjs";

/** @typedef {import("./builds.mjs").Build} Build */

const MAGIC = [0, 0x61, 0x73, 0x6d];

/**
 * The bytes of what is a module; null: the engine says what is wrong with it.
 *
 * @param {any} source
 */
function moduleBytes(source) {
  const bytes = bytesOf(source);
  return bytes !== null && MAGIC.every((byte, at) => bytes[at] === byte) ? bytes : null;
}

/** @param {string} folder of builds */
export function installSwap(folder) {
  const builds = new Builds(folder);
  const { Module, compile, instantiate, compileStreaming, instantiateStreaming } = WebAssembly;

  const buildOf = (/** @type {unknown} */ source) => {
    const bytes = moduleBytes(source);
    return bytes === null ? null : builds.of(bytes);
  };
  /** Compile a build, once: a program that runs again in the same realm (reused-worker.mjs) gets the same module. */
  const compiled = async (/** @type {Build} */ build) => (build.module ??= await compile(build.bytes));
  /**
   * @param {any} original
   * @param {(build: Build, ...rest: any[]) => Promise<any>} built
   */
  const unlessBuilt = (original, built) =>
    new Proxy(original, {
      apply(target, self, args) {
        let build;
        try {
          build = buildOf(args[0]);
        } catch (error) {
          return Promise.reject(error);
        }
        return build === null ? Reflect.apply(target, self, args) : built(build, ...args.slice(1));
      },
    });
  /**
   * @param {any} original
   * @param {Function} fromBytes
   */
  const streaming = (original, fromBytes) =>
    new Proxy(original, {
      async apply(target, self, [source, ...rest]) {
        const { response, bytes } = await readResponse(source);
        return bytes === null ? Reflect.apply(target, self, [response, ...rest]) : Reflect.apply(fromBytes, self, [bytes, ...rest]);
      },
    });

  /** @type {Record<string, any>} */
  const wrapped = {
    compile: unlessBuilt(compile, compiled),
    instantiate: unlessBuilt(instantiate, async (build, imports) => {
      const module = await compiled(build);
      return { module, instance: await instantiate(module, imports) };
    }),
  };
  wrapped.Module = new Proxy(Module, {
    construct(target, [source, ...rest], newTarget) {
      const build = buildOf(source);
      if (build === null) return Reflect.construct(target, [source, ...rest], newTarget === wrapped.Module ? target : newTarget);
      if (newTarget !== wrapped.Module) return Reflect.construct(target, [build.bytes, ...rest], newTarget);
      return (build.module ??= new Module(build.bytes));
    },
  });
  if (compileStreaming !== undefined) {
    wrapped.compileStreaming = streaming(compileStreaming, wrapped.compile);
    wrapped.instantiateStreaming = streaming(instantiateStreaming, wrapped.instantiate);
  }
  for (const [name, value] of Object.entries(wrapped)) {
    Object.defineProperty(WebAssembly, name, { value, writable: true, enumerable: false, configurable: true });
  }
}
