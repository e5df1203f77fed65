// How the C stack pointer of a guest is read and written.

import { isPointer, STACK_POINTER } from "../wasm/stack-pointer.mjs";

/** @typedef {{get: () => WebAssembly.Pointer, set: (value: WebAssembly.Pointer) => void}} PointerAccess */

/** Emscripten's functions that read the pointer and write it, by the names it has given them over the years. */
const GETTERS = ["emscripten_stack_get_current", "stackSave"];
const SETTERS = ["_emscripten_stack_restore", "stackRestore"];

/** The functions by which a re-entrant build (`stackswitch reentrant`) gives each call a C stack: see binaryen#9102. */
const REENTRANT = "__jspi_enter";

/**
 * @param {WebAssembly.Exports} exports
 * @returns {PointerAccess | null} null: it cannot be reached, or the build switches stacks itself
 */
export function pointerOf(exports) {
  if (typeof exports[REENTRANT] === "function") return null;
  const global = exports[STACK_POINTER];
  if (!isPointer(global)) return pointerFunctions(exports) ?? bindgenAccess(exports);
  return { get: () => global.value, set: (/** @type {WebAssembly.Pointer} */ value) => (global.value = value) };
}

/**
 * @param {WebAssembly.Exports} exports
 * @returns {PointerAccess | null} the guest's own functions
 */
export function pointerFunctions(exports) {
  const [get, set] = [GETTERS, SETTERS].map((names) => names.map((name) => exports[name]).find((each) => typeof each === "function"));
  return get === undefined || set === undefined ? null : { get, set };
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
