// The binary format of what is added to modules: numbers, names, types, sections.

import { concat } from "../wasm/encode.mjs";
import { HEAP_CODES, VALUE_CODES } from "./types.mjs";

/** @typedef {ArrayLike<number>} Bytes */

export const SECTION = { CUSTOM: 0, TYPE: 1, IMPORT: 2, FUNCTION: 3, TABLE: 4, GLOBAL: 6, EXPORT: 7, START: 8, ELEMENT: 9, CODE: 10, DATA: 11 };
/** The order of sections: tags (13) are before globals, the data count (12) is before code. */
export const SECTION_ORDER = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];
export const HEADER = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
export const KINDS = ["func", "table", "memory", "global", "tag"];

const encoder = new TextEncoder();

/** An unsigned LEB128 number of at most 53 bits. @type {(number: number) => number[]} */
export function unsigned(number) {
  const out = [];
  for (; number > 0x7f; number = Math.floor(number / 0x80)) out.push((number % 0x80) | 0x80);
  return [...out, number];
}

/** A signed LEB128 number. @type {(number: number | bigint) => number[]} */
export function signed(number) {
  const out = [];
  let left = BigInt(number);
  for (; left < -0x40n || left >= 0x40n; left >>= 7n) out.push(Number(left & 0x7fn) | 0x80);
  return [...out, Number(left & 0x7fn)];
}

/** Bytes after their number. @type {(content: Bytes) => Uint8Array} */
export const sized = (content) => concat([unsigned(content.length), content]);
/** @type {(text: string) => Uint8Array} */
export const name = (text) => sized(encoder.encode(text));
/** Items after their number. @type {(items: Bytes[]) => Uint8Array} */
export const vector = (items) => concat([unsigned(items.length), ...items]);
/** @type {(id: number, content: Bytes) => Uint8Array} */
export const section = (id, content) => concat([[id], unsigned(content.length), content]);
/** @type {(text: string, kind: number, index: number) => Uint8Array} */
export const exportEntry = (text, kind, index) => concat([name(text), [kind], unsigned(index)]);

/** @type {(text: string) => number[]} */
export function valueType(text) {
  const short = VALUE_CODES.get(text);
  if (short !== undefined) return [short];
  const inner = without(text, "(ref ", ")");
  const nullable = inner.startsWith("null ");
  const code = [nullable ? 0x63 : 0x64];
  let heap = nullable ? inner.slice(5) : inner;
  let exact = false;
  for (const [prefix, byte] of /** @type {[string, number][]} */ ([["(shared ", 0x65], ["(exact ", 0x62]])) {
    if (!heap.startsWith(prefix)) continue;
    code.push(byte);
    exact = byte === 0x62;
    heap = without(heap, prefix, ")");
  }
  const abstract = HEAP_CODES.get(heap);
  if (abstract !== undefined) return [...code, abstract];
  return [...code, ...(exact ? unsigned : signed)(Number(heap))];
}

/** @type {(text: string, first: string, last: string) => string} */
function without(text, first, last) {
  const rest = text.startsWith(first) ? text.slice(first.length) : text;
  return rest.endsWith(last) ? rest.slice(0, -last.length) : rest;
}

/** An entry of the type section. @type {(type: {params: string[], results: string[]}) => Uint8Array} */
export const functionType = ({ params, results }) => concat([[0x60], vector(params.map(valueType)), vector(results.map(valueType))]);

/** An entry of the code section; `code` is without the last `end`. @type {(code: Bytes, locals: string[]) => Uint8Array} */
export const functionBody = (code, locals) => sized(concat([vector(locals.map((each) => [1, ...valueType(each)])), code, [0x0b]]));

/** @type {(index: number) => number[]} */
export const localGet = (index) => [0x20, ...unsigned(index)];
/** @type {(index: number) => number[]} */
export const call = (index) => [0x10, ...unsigned(index)];
