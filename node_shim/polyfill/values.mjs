// What a value of JavaScript is, to the polyfill.

/** Whether the engine has the API: whether that holds when hot, only a probe knows. */
export function hasNativeJspi(target = globalThis.WebAssembly) {
  return typeof target.Suspending === "function" && typeof target.promising === "function";
}

/** @param {any} value */
export const isThenable = (value) =>
  value !== null && (typeof value === "object" || typeof value === "function") && typeof value.then === "function";

/**
 * @param {unknown} source what a program compiles
 * @returns {Uint8Array | null} null: no bytes
 */
export function bytesOf(source) {
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  const kind = Object.prototype.toString.call(source);
  if (kind !== "[object ArrayBuffer]" && kind !== "[object SharedArrayBuffer]") return null;
  return new Uint8Array(/** @type {ArrayBufferLike} */ (source));
}

/** @type {WebAssembly.Table | undefined} */
let probeTable;

/**
 * Whether a value is a function of some instance: nothing else can be put into a table.
 *
 * @param {unknown} value
 */
export function isExportedFunction(value) {
  if (typeof value !== "function") return false;
  probeTable ??= new WebAssembly.Table({ element: "anyfunc", initial: 1 });
  try {
    probeTable.set(0, value);
  } catch {
    return false;
  }
  probeTable.set(0, null);
  return true;
}
