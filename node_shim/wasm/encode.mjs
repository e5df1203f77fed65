// Wasm modules written byte by byte: what every generated module is made of.
//
// Layouts: "Binary Format" of the WebAssembly specification.

/** @typedef {ArrayLike<number>} Bytes */

/**
 * An unsigned number of at most 32 bits, as LEB128.
 *
 * @param {number} number
 */
export function leb(number) {
  const out = [];
  do {
    out.push((number & 0x7f) | (number > 0x7f ? 0x80 : 0));
    number >>>= 7;
  } while (number > 0);
  return out;
}

/** @param {Bytes[]} parts */
export function concat(parts) {
  const out = new Uint8Array(parts.reduce((sum, each) => sum + each.length, 0));
  let at = 0;
  for (const each of parts) {
    out.set(each, at);
    at += each.length;
  }
  return out;
}

/** @type {(items: (number | number[])[]) => number[]} */
export const vector = (items) => [...leb(items.length), ...items.flat()];
/** @type {(text: string) => number[]} */
export const name = (text) => vector([...new TextEncoder().encode(text)]);
/** @type {(id: number, content: Bytes) => Uint8Array} */
export const section = (id, content) => concat([[id], leb(content.length), content]);
/** @type {(from: string, field: string, description: number[]) => number[]} */
export const importOf = (from, field, description) => [...name(from), ...name(field), ...description];
/** @type {(field: string, kind: number, index: number) => number[]} */
export const exportOf = (field, kind, index) => [...name(field), kind, ...leb(index)];
/** @type {(locals: number[][], code: number[]) => number[]} */
export const body = (locals, code) => vector([...vector(locals), ...code, ...END]);
/** @type {(sections: Uint8Array[]) => Uint8Array} */
export const encodeModule = (sections) => concat([[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], ...sections]);

/** @typedef {(index: number) => number[]} Instruction */
/** @type {Instruction} */
export const get = (local) => [0x20, ...leb(local)];
/** @type {Instruction} */
export const setLocal = (local) => [0x21, ...leb(local)];
/** @type {Instruction} */
export const call = (index) => [0x10, ...leb(index)];
export const END = [0x0b];
