// How the C stack pointer of a guest is read and written.

import { isPointer, pointerFunctions, STACK_POINTER } from "../wasm/stack-pointer.mjs";

/** The functions by which a re-entrant build (`stackswitch reentrant`) gives each call a C stack: see binaryen#9102. */
const REENTRANT = "__jspi_enter";

/**
 * @param {WebAssembly.Exports} exports
 * @returns {import("../wasm/stack-pointer.mjs").PointerAccess | null} null: it cannot be reached, or the build switches stacks itself
 */
export function pointerOf(exports) {
  if (typeof exports[REENTRANT] === "function") return null;
  const global = exports[STACK_POINTER];
  if (!isPointer(global)) return pointerFunctions(exports) ?? bindgenAccess(exports);
  return { get: () => global.value, set: (/** @type {WebAssembly.Pointer} */ value) => (global.value = value) };
}

/**
 * wasm-bindgen has one function, which moves the pointer and returns it.
 *
 * @param {WebAssembly.Exports} exports
 */
function bindgenAccess({ __wbindgen_add_to_stack_pointer: move }) {
  if (typeof move !== "function") return null;
  return { get: () => move(0), set: (/** @type {any} */ value) => move(value - move(0)) };
}
