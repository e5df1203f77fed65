// All ways to compile bytes, with the bytes of a build put in their place. What is a module already was compiled through here.

import { bytesOf } from "../polyfill/values.mjs";
import { readResponse } from "../wasm/streaming.mjs";
import { Builds } from "./builds.mjs";

/** @typedef {import("./builds.mjs").Build} Build */
/** @typedef {(source: unknown) => Build | null} BuildOf null: there is none, or the engine says what is wrong with the bytes */

const MAGIC = [0, 0x61, 0x73, 0x6d];

/** @type {(original: any, buildOf: BuildOf, built: (build: Build, ...rest: any[]) => Promise<any>) => any} */
const unlessBuilt = (original, buildOf, built) =>
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

/** @type {(original: any, fromBytes: Function) => any} */
const streaming = (original, fromBytes) =>
  new Proxy(original, {
    async apply(target, self, [source, ...rest]) {
      const { response, bytes } = await readResponse(source);
      return bytes === null ? Reflect.apply(target, self, [response, ...rest]) : Reflect.apply(fromBytes, self, [bytes, ...rest]);
    },
  });

/** @type {(Module: any, buildOf: BuildOf) => any} */
function constructing(Module, buildOf) {
  /** @type {any} */
  const proxy = new Proxy(Module, {
    construct(target, [source, ...rest], newTarget) {
      const build = buildOf(source);
      if (build === null) return Reflect.construct(target, [source, ...rest], newTarget === proxy ? target : newTarget);
      if (newTarget !== proxy) return Reflect.construct(target, [build.bytes, ...rest], newTarget);
      return (build.module ??= new Module(build.bytes));
    },
  });
  return proxy;
}

/** @param {string} folder of builds */
export function replaceModules(folder) {
  const builds = new Builds(folder);
  const { Module, compile, instantiate, compileStreaming, instantiateStreaming } = WebAssembly;
  /** @type {BuildOf} */
  const buildOf = (source) => {
    const bytes = bytesOf(source);
    return bytes !== null && MAGIC.every((byte, at) => bytes[at] === byte) ? builds.of(bytes) : null;
  };
  /** Compile a build, once: a program that runs again in the same realm (reused-worker.mjs) gets the same module. */
  const compiled = async (/** @type {Build} */ build) => (build.module ??= await compile(build.bytes));
  /** @type {Record<string, any>} */
  const wrapped = {
    Module: constructing(Module, buildOf),
    compile: unlessBuilt(compile, buildOf, compiled),
    instantiate: unlessBuilt(instantiate, buildOf, async (build, imports) => {
      const module = await compiled(build);
      return { module, instance: await instantiate(module, imports) };
    }),
  };
  if (compileStreaming !== undefined) {
    wrapped.compileStreaming = streaming(compileStreaming, wrapped.compile);
    wrapped.instantiateStreaming = streaming(instantiateStreaming, wrapped.instantiate);
  }
  for (const [name, value] of Object.entries(wrapped)) {
    Object.defineProperty(WebAssembly, name, { value, writable: true, enumerable: false, configurable: true });
  }
}
