// Guests for tests of the polyfill, and chance that can be repeated.

import { readFileSync } from "node:fs";

import { createSwitching } from "../polyfill.mjs";

const build = (name) => new Uint8Array(readFileSync(new URL(`builds/${name}.wasm`, import.meta.url)));
export const later = (value) => new Promise((resolve) => setTimeout(resolve, 1, value));

export function open(name, imports, switching = createSwitching()) {
  const module = switching.remember(new WebAssembly.Module(build(name)), switching.read(build(name)));
  const { exports } = switching.instantiate(module, imports(switching));
  return { switching, exports, call: (export_, ...args) => switching.promising(exports[export_])(...args) };
}

/** A guest with Emscripten's functions, and glue that puts numbers on its C stack. */
export function strings(wait, plain = () => 0) {
  const opened = open("strings", ({ Suspending }) => ({ env: { wait: new Suspending(wait), plain } }));
  const { exports } = opened;
  const put = (value) => {
    const at = exports._emscripten_stack_alloc(16);
    new DataView(exports.memory.buffer).setInt32(at, value, true);
    return at;
  };
  // As Emscripten's `ccall` does with a string: the stack is restored when the call has ended.
  const ccall = (name, value) => {
    const before = exports.emscripten_stack_get_current();
    const result = opened.call(name, put(value));
    const done = (result) => (exports._emscripten_stack_restore(before), result);
    return result.then(done);
  };
  return { ...opened, put, ccall };
}

/** Numbers from a seed, and pauses of several kinds. */
export function chance(seed) {
  let state = Math.imul(seed, 2654435761) | 1;
  const random = (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  const nap = () =>
    new Promise((resolve) => {
      const kind = random(6);
      if (kind === 0) queueMicrotask(resolve);
      else if (kind === 1) setImmediate(resolve);
      else setTimeout(resolve, kind);
    });
  return { random, nap };
}
