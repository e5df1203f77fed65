// All ways to compile bytes, with the bytes of a build put in their place. What is a module already was compiled through here.

import { isAnyArrayBuffer } from "node:util/types";
import { Builds } from "./builds.mjs";

const STREAMING_TYPE = /^application\/wasm\s*(;|$)/i;
const MAGIC = [0, 0x61, 0x73, 0x6d];

/** The bytes of what is a module; null: the engine says what is wrong with it. */
function bytesOf(source) {
  let bytes = null;
  if (ArrayBuffer.isView(source)) bytes = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  else if (isAnyArrayBuffer(source)) bytes = new Uint8Array(source);
  return bytes !== null && MAGIC.every((byte, at) => bytes[at] === byte) ? bytes : null;
}

export function installSwap(folder) {
  const builds = new Builds(folder);
  const { Module, compile, instantiate, compileStreaming, instantiateStreaming } = WebAssembly;

  const swapped = (source) => {
    const bytes = bytesOf(source);
    return (bytes === null ? null : builds.of(bytes)) ?? source;
  };
  const first = (original) =>
    new Proxy(original, { apply: (target, self, [source, ...rest]) => Reflect.apply(target, self, [swapped(source), ...rest]) });
  const streaming = (original, fromBytes) =>
    new Proxy(original, {
      async apply(target, self, [source, ...rest]) {
        const response = await source;
        const type = response.headers?.get("content-type") ?? "";
        if (!response.ok || !STREAMING_TYPE.test(type)) return Reflect.apply(target, self, [response, ...rest]); // it says what is wrong
        return Reflect.apply(fromBytes, self, [await response.arrayBuffer(), ...rest]);
      },
    });

  const wrapped = { compile: first(compile), instantiate: first(instantiate) };
  wrapped.Module = new Proxy(Module, {
    construct: (target, [source, ...rest], newTarget) =>
      Reflect.construct(target, [swapped(source), ...rest], newTarget === wrapped.Module ? target : newTarget),
  });
  if (compileStreaming !== undefined) {
    wrapped.compileStreaming = streaming(compileStreaming, wrapped.compile);
    wrapped.instantiateStreaming = streaming(instantiateStreaming, wrapped.instantiate);
  }
  for (const [name, value] of Object.entries(wrapped)) {
    Object.defineProperty(WebAssembly, name, { value, writable: true, enumerable: false, configurable: true });
  }
}
