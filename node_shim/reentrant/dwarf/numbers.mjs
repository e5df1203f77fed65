// Numbers of up to 64 bits and more: a number where it is exact, else a BigInt. Addresses of code are small; those of what a linker has removed
// may be the highest there is.

import { WasmFormatError } from "../errors.mjs";

/** @typedef {number | bigint} Integer */
/** @typedef {import("../reader.mjs").Reader} Reader */
/** @typedef {import("../code-moves.mjs").CodeMoves} CodeMoves */

/** The number that a BigInt is, if that is exact. @type {(value: bigint) => Integer} */
export const exact = (value) => (value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER) ? Number(value) : value);

/** @type {(one: Integer, other: Integer) => Integer} */
export function add(one, other) {
  const sum = typeof one === "number" && typeof other === "number" ? one + other : NaN;
  return Number.isSafeInteger(sum) ? sum : exact(BigInt(one) + BigInt(other));
}

/** @type {(one: Integer, other: Integer) => Integer} */
export const subtract = (one, other) => add(one, -other);

/** What is wrong with bytes that no step could read. */
export const malformed = () => new WasmFormatError("malformed DWARF", 0);

/** A number of so many bytes, the lowest first; fewer if the bytes end before. @type {(bytes: Uint8Array) => Integer} */
export function fromLittle(bytes) {
  if (bytes.length <= 6) {
    let value = 0;
    for (let at = bytes.length - 1; at >= 0; at--) value = value * 256 + bytes[at];
    return value;
  }
  let value = 0n;
  for (let at = bytes.length - 1; at >= 0; at--) value = (value << 8n) | BigInt(bytes[at]);
  return exact(value);
}

/** Read a number of so many bytes. @type {(reader: Reader, size: number) => Integer} */
export const little = (reader, size) => fromLittle(reader.take(size));

/** The same for what counts bytes in the module. @type {(reader: Reader, size: number) => number} */
export const littleSize = (reader, size) => Number(little(reader, size));

/** Whether a number fits so many bytes. @type {(number: Integer, size: number) => boolean} */
export const fits = (number, size) => number >= 0 && (size >= 7 ? BigInt(number) < 1n << BigInt(8 * size) : number < 2 ** (8 * size));

/** @type {(number: Integer, size: number) => number[]} */
export function toLittle(number, size) {
  if (!fits(number, size)) throw malformed();
  const out = [];
  let left = BigInt(number);
  for (let at = 0; at < size; at++, left >>= 8n) out.push(Number(left & 0xffn));
  return out;
}

/** The same, with an error that names the number. @type {(number: Integer, size: number) => number[]} */
export function fixed(number, size) {
  if (!fits(number, size)) throw new WasmFormatError(`${number} does not fit ${size} bytes`, 0);
  return toLittle(number, size);
}

/** An unsigned LEB128 number. @type {(number: Integer) => number[]} */
export function leb(number) {
  const out = [];
  let left = BigInt(number);
  for (; left > 0x7fn; left >>= 7n) out.push(Number(left & 0x7fn) | 0x80);
  return [...out, Number(left)];
}

/** The new offset of code; what is not exact as a number is no code. @type {(moves: CodeMoves, offset: Integer) => Integer} */
export const moved = (moves, offset) => (typeof offset === "bigint" ? offset : moves.moved(offset));

/** How many bytes a range has now. @type {(moves: CodeMoves, start: Integer, length: Integer) => Integer} */
export function movedLength(moves, start, length) {
  if (typeof start === "bigint" || !moves.covers(start)) return length;
  return subtract(moved(moves, add(start, length)), moves.moved(start));
}

/** Where the bytes of parts go, one after the other. */
export class Output {
  /** @type {Uint8Array} */ #bytes = new Uint8Array(1024);
  length = 0;

  /** @param {ArrayLike<number>} bytes */
  push(bytes) {
    if (this.length + bytes.length > this.#bytes.length) {
      const larger = new Uint8Array(2 * (this.length + bytes.length));
      larger.set(this.#bytes.subarray(0, this.length));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  get bytes() {
    return this.#bytes.subarray(0, this.length);
  }
}

/** Read the length of a unit, and the size of offsets in it (bytes). @type {(reader: Reader) => {length: number, offset: number}} */
export function readLength(reader) {
  const length = littleSize(reader, 4);
  return length === 0xffffffff ? { length: littleSize(reader, 8), offset: 8 } : { length, offset: 4 };
}

/** How a length in the 64-bit format begins. @type {(offset: number) => number[]} */
export const mark = (offset) => (offset === 4 ? [] : [0xff, 0xff, 0xff, 0xff]);
