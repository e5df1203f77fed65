// A bounded cursor over a module's bytes: it never reads past its end, and says where things went wrong.

import data from "./adapter.mjs";
import { WasmFormatError } from "./errors.mjs";

/** @type {Record<string, number>} */
export const LIMITS = data.javascript.limits;

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const CUT_SHORT = "unexpected end";

export class Reader {
  /**
   * @param {Uint8Array} data
   * @param {number} pos
   * @param {number} end
   */
  constructor(data, pos = 0, end = data.length) {
    this.data = data;
    this.pos = pos;
    this.end = end;
  }

  get left() {
    return this.end - this.pos;
  }

  /** @param {string} message @param {number} offset */
  fail(message, offset = this.pos) {
    return new WasmFormatError(message, offset);
  }

  u8() {
    if (this.pos >= this.end) throw this.fail(CUT_SHORT);
    return this.data[this.pos++];
  }

  peek() {
    if (this.pos >= this.end) throw this.fail(CUT_SHORT);
    return this.data[this.pos];
  }

  /**
   * The bits of a LEB128 number, and how many were written.
   *
   * @param {number} bits
   */
  #leb128(bits) {
    const start = this.pos;
    let low = 0; // seven bytes are exact in a number
    let high = 0n;
    for (let shift = 0; ; ) {
      const byte = this.u8();
      if (shift < 49) low += (byte & 0x7f) * 2 ** shift;
      else high |= BigInt(byte & 0x7f) << BigInt(shift);
      shift += 7;
      if (byte < 0x80) return { value: high === 0n ? low : BigInt(low) | high, width: shift };
      if (shift >= bits) throw this.fail(`number longer than ${bits} bits allow`, start);
    }
  }

  /** An unsigned number: a BigInt if it is not exact as a number. @param {number} bits */
  unsigned(bits) {
    if (this.pos < this.end && this.data[this.pos] < 0x80) return this.data[this.pos++];
    const start = this.pos;
    const { value } = this.#leb128(bits);
    if (BigInt(value) >> BigInt(bits)) throw this.fail(`number does not fit ${bits} bits`, start);
    return typeof value === "bigint" && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
  }

  u64() {
    return this.unsigned(64);
  }

  u32() {
    if (this.pos < this.end && this.data[this.pos] < 0x80) return this.data[this.pos++];
    const start = this.pos;
    const { value } = this.#leb128(32);
    if (value >= 2 ** 32) throw this.fail("number does not fit 32 bits", start);
    return Number(value);
  }

  /**
   * A signed number of at most 49 bits.
   *
   * @param {number} bits
   */
  signed(bits) {
    const start = this.pos;
    const { value, width } = this.#leb128(bits);
    const number = Number(value);
    const result = number >= 2 ** (width - 1) ? number - 2 ** width : number;
    if (result < -(2 ** (bits - 1)) || result >= 2 ** (bits - 1)) throw this.fail(`number does not fit ${bits} bits`, start);
    return result;
  }

  s64() {
    const start = this.pos;
    const { value, width } = this.#leb128(64);
    const result = BigInt.asIntN(width, BigInt(value));
    if (result !== BigInt.asIntN(64, result)) throw this.fail("number does not fit 64 bits", start);
    return result;
  }

  /**
   * A vector's length: at most `limit`, and no more than the bytes left can hold.
   *
   * @param {string} what
   * @param {number} limit
   * @param {number} each the fewest bytes of an element
   */
  count(what, limit, each = 1) {
    const start = this.pos;
    const number = this.u32();
    if (number > limit) throw this.fail(`${number} ${what}: at most ${limit} are allowed`, start);
    if (number * each > this.left) throw this.fail(`${number} ${what} in ${this.left} bytes`, start);
    return number;
  }

  /**
   * @template T
   * @param {number} count
   * @param {() => T} read
   */
  times(count, read) {
    const out = [];
    for (let left = count; left > 0; left--) out.push(read());
    return out;
  }

  /**
   * An index into a space of `size` things.
   *
   * @param {string} what
   * @param {number} size
   */
  index(what, size) {
    const start = this.pos;
    const number = this.u32();
    if (number >= size) throw this.fail(`${what} ${number} does not exist: there are ${size}`, start);
    return number;
  }

  /** @param {number} size */
  take(size) {
    this.skip(size);
    return this.data.subarray(this.pos - size, this.pos);
  }

  /** @param {number} size */
  skip(size) {
    if (size > this.left) throw this.fail(`unexpected end: ${size} bytes wanted, ${this.left} left`);
    this.pos += size;
  }

  /** A reader of the next bytes. @param {number} size */
  sub(size) {
    const start = this.pos;
    this.skip(size);
    return new Reader(this.data, start, this.pos);
  }

  /** A name, whatever its bytes are. */
  rawName(limit = LIMITS.NAME_BYTES) {
    return this.take(this.count("bytes of name", limit));
  }

  name() {
    const start = this.pos;
    const raw = this.rawName();
    try {
      return strict.decode(raw);
    } catch {
      throw this.fail("name is not UTF-8", start);
    }
  }

  /** @param {string} what */
  expectEnd(what) {
    if (this.pos !== this.end) throw this.fail(`${this.left} bytes too many in ${what}`);
  }
}

/**
 * A module's sections: the number of each, where it starts, and its content.
 *
 * @param {Uint8Array} bytes
 */
export function* sectionsOf(bytes) {
  const reader = new Reader(bytes, 8);
  while (reader.left) {
    const start = reader.pos;
    const id = reader.u8();
    yield { id, start, content: reader.sub(reader.count("bytes of section", LIMITS.MODULE_BYTES)) };
  }
}
