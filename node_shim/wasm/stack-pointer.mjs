// Where a guest's C stack pointer is: a mutable global, or two functions of Emscripten's.

export const STACK_POINTER = "__stack_pointer";

/** Emscripten's functions that read the pointer and write it, by the names it has given them over the years. */
const GETTERS = ["emscripten_stack_get_current", "stackSave"];
const SETTERS = ["_emscripten_stack_restore", "stackRestore"];

/** @typedef {{get: () => WebAssembly.Pointer, set: (value: WebAssembly.Pointer) => void}} PointerAccess */

/** @param {any} global */
function isMutable(global) {
  try {
    global.value = global.value;
    return true;
  } catch {
    return false;
  }
}

/** @param {unknown} value */
export function isPointer(value) {
  return value instanceof WebAssembly.Global && ["number", "bigint"].includes(typeof value.value) && isMutable(value);
}

/**
 * @param {(name: string) => boolean} isFunction whether there is an exported function of that name
 * @returns the names of the guest's own functions that read and write the pointer, where it has both
 */
export function pointerFunctionNames(isFunction) {
  const [get, set] = [GETTERS.find(isFunction), SETTERS.find(isFunction)];
  return get === undefined || set === undefined ? null : { get, set };
}

/**
 * @param {WebAssembly.Exports} exports
 * @returns {PointerAccess | null} the guest's own functions
 */
export function pointerFunctions(exports) {
  const names = pointerFunctionNames((name) => typeof exports[name] === "function");
  return names === null ? null : { get: exports[names.get], set: exports[names.set] };
}
