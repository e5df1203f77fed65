// Where a guest's C stack pointer is: a mutable global.

export const STACK_POINTER = "__stack_pointer";

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
