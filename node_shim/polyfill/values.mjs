// What a value of JavaScript is, to the polyfill, and what it becomes at the boundary.

/** @typedef {import("./types.mjs").MaybeType} MaybeType */

/** Whether the engine has the API: whether that holds when hot, only a probe knows. */
export function hasNativeJspi(target = globalThis.WebAssembly) {
  return typeof target.Suspending === "function" && typeof target.promising === "function";
}

/**
 * @param {unknown} value
 * @returns {boolean}
 */
export const isObject = (value) => (value !== null && typeof value === "object") || typeof value === "function";

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
  // V8 also takes functions of asm.js modules, which have a prototype.
  if (typeof value !== "function" || Object.hasOwn(value, "prototype")) return false;
  probeTable ??= new WebAssembly.Table({ element: "anyfunc", initial: 1 });
  try {
    probeTable.set(0, value);
  } catch {
    return false;
  }
  probeTable.set(0, null);
  return true;
}

/**
 * A value as a type of the guest's: what a program can observe of the conversion happens here, and once.
 *
 * @param {any} value
 * @param {string} type
 */
function converted(value, type) {
  if (type === "i64") return BigInt.asIntN(64, value);
  return type === "i32" || type === "f32" || type === "f64" ? +value : value;
}

/**
 * The arguments of an exported function.
 *
 * @param {unknown[]} args
 * @param {string[]} params
 */
export const convertedArguments = (args, params) => params.map((type, i) => converted(args[i], type));

/**
 * What an import returns, if its conversion can run code of the program's.
 *
 * @param {any} value an object
 * @param {string[]} results
 */
export function convertedResult(value, results) {
  if (results.length === 0) return undefined;
  if (results.length === 1) return converted(value, results[0]);
  const values = [...value];
  if (values.length !== results.length) throw new TypeError(`multi-return length mismatch: ${values.length} values for ${results.length} results`);
  return values.map((each, i) => converted(each, results[i]));
}

/**
 * Arguments for calling an export again to rewind it: it takes its own from the saved stack. What was converted once is not again.
 *
 * @param {unknown[]} args of an export whose type is not known
 */
export const argumentsAgain = (args) => args.map((each) => (isObject(each) && !isExportedFunction(each) ? false : each));
