// Moves the addresses in `.debug_line`: rewrites line number programs where code between rows has grown.

import { Reader } from "../reader.mjs";
import { Output, add, exact, leb, little, littleSize, malformed, mark, moved, readLength, toLittle } from "./numbers.mjs";

/** @typedef {import("../code-moves.mjs").CodeMoves} CodeMoves */
/** @typedef {import("./numbers.mjs").Integer} Integer */
/** Where a program starts, the smallest instruction, operands and advances by opcode. @typedef {{start: number, smallest: number, operands: number[], advances: number[]}} Header */

const ADVANCE_PC = 2;
const CONST_ADD_PC = 8;
const FIXED_ADVANCE_PC = 9;
const END_SEQUENCE = 1;
const SET_ADDRESS = 2;

/**
 * `.debug_line` anew.
 *
 * @param {Uint8Array} data
 * @param {CodeMoves} moves
 * @returns the section, and the new offset of each program, by the old one
 */
export function movedLines(data, moves) {
  const out = new Output();
  /** @type {Map<Integer, number>} */
  const offsets = new Map();
  const reader = new Reader(data);
  while (reader.left) {
    offsets.set(reader.pos, out.length);
    const { length, offset } = readLength(reader);
    const unit = reader.sub(length);
    const head = unit.pos;
    const header = readHeader(unit, offset);
    const program = new Program(data, moves, header).rewritten(unit.end);
    out.push([...mark(offset), ...toLittle(header.start - head + program.length, offset)]);
    out.push(data.subarray(head, header.start));
    out.push(program);
  }
  return { section: out.bytes, offsets };
}

/** @param {Reader} unit @param {number} offset @returns {Header} */
function readHeader(unit, offset) {
  const version = littleSize(unit, 2);
  if (version < 2 || version > 5) throw unit.fail(`a line number program of version ${version}`);
  if (version === 5) unit.skip(2);
  const length = littleSize(unit, offset);
  const start = unit.pos + length;
  const smallest = unit.u8();
  if (version >= 4 && unit.u8() !== 1) throw unit.fail("a line number program for instructions that are bundled");
  unit.skip(2);
  const [lineRange, first] = [unit.u8(), unit.u8()];
  if (lineRange === 0 || first === 0 || start > unit.end) throw unit.fail("malformed header of line numbers");
  const operands = [0, ...unit.times(first - 1, () => unit.u8())];
  const advances = Array.from({ length: 256 }, (_, each) => (each < first ? 0 : Math.floor((each - first) / lineRange) * smallest));
  return { start, smallest, operands, advances };
}

/** A program, and the registers that concern addresses. Opcodes are copied. Where the address comes to code that has moved by more, an advance goes before. */
class Program {
  #out = new Output();
  #kept = 0;
  #size = 4;

  /** @param {Uint8Array} data @param {CodeMoves} moves @param {Header} header */
  constructor(data, moves, header) {
    this.data = data;
    this.moves = moves;
    this.header = header;
  }

  /** @param {number} end where it ends */
  rewritten(end) {
    const { data, moves } = this;
    const { start, operands, advances } = this.header;
    const reader = new Reader(data, start, end);
    let at = (this.#kept = start);
    /** @type {Integer} */ let address = 0;
    /** @type {Integer} */ let low = 0;
    let limit = Infinity;
    while (at < end) {
      const opcode = data[at];
      const [began, before] = [at, address];
      if (opcode >= operands.length) {
        at++;
        address = add(address, advances[opcode]);
      } else if (opcode === 0) {
        reader.pos = at + 1;
        const operation = reader.sub(Number(reader.unsigned(64)));
        at = reader.pos;
        const kind = operation.left ? operation.u8() : 0;
        if (kind === END_SEQUENCE) [address, low, limit] = [0, 0, Infinity];
        else if (kind === SET_ADDRESS) {
          address = this.#setAddress(operation, at);
          const after = typeof address === "bigint" ? null : moves.nextStart(address);
          // null: of a function that the linker has removed
          [low, limit] = after === null ? [0, Infinity] : [address, after];
        }
        continue;
      } else if (opcode === CONST_ADD_PC) {
        at++;
        address = add(address, advances[255]);
      } else if (opcode === FIXED_ADVANCE_PC) {
        address = add(address, data.subarray(at + 1, at + 3).reduceRight((value, byte) => value * 256 + byte, 0));
        at += 3;
      } else {
        [address, at] = this.#operands(reader, at, opcode, address);
      }
      if (!(low <= address && address < limit)) {
        this.#advance(began, before, address, typeof low === "bigint" ? 0 : moves.shift(low));
        low = address;
        limit = (typeof address === "bigint" ? null : moves.nextStart(address)) ?? Infinity;
      }
    }
    this.#copy(end);
    return this.#out.bytes;
  }

  /** @param {Reader} operation @param {number} at where it ends @returns {Integer} */
  #setAddress(operation, at) {
    this.#size = operation.left;
    const address = little(operation, this.#size);
    this.#copy(at - this.#size);
    this.#out.push(toLittle(moved(this.moves, address), this.#size));
    this.#kept = at;
    return address;
  }

  /** Step over the operands of a standard opcode. @param {Reader} reader @param {number} at @param {number} opcode @param {Integer} address @returns {[Integer, number]} */
  #operands(reader, at, opcode, address) {
    reader.pos = at + 1;
    for (let left = this.header.operands[opcode]; left > 0; left--) {
      const operand = reader.unsigned(128);
      if (opcode !== ADVANCE_PC) continue;
      const sum = BigInt(address) + BigInt(operand) * BigInt(this.header.smallest);
      address = exact(sum & ((1n << BigInt(8 * this.#size)) - 1n));
    }
    return [address, reader.pos];
  }

  /** @param {number} end */
  #copy(end) {
    if (end > this.#kept) this.#out.push(this.data.subarray(this.#kept, end));
    this.#kept = end;
  }

  /**
   * Add what the code at an address has moved by more than that before it.
   *
   * @param {number} at where the opcode is that goes there
   * @param {Integer} before the address before that opcode
   * @param {Integer} address
   * @param {number} shift what the code there has moved by
   */
  #advance(at, before, address, shift) {
    const { smallest } = this.header;
    const more = (typeof address === "bigint" ? 0 : this.moves.shift(address)) - shift;
    this.#copy(at);
    if (more > 0 && smallest === 0) throw malformed();
    if (more > 0 && more % smallest === 0) this.#out.push([ADVANCE_PC, ...leb(more / smallest)]);
    else if (more !== 0) {
      const target = toLittle(add(before, shift + more), this.#size);
      this.#out.push([0, ...leb(1 + this.#size), SET_ADDRESS, ...target]);
    }
  }
}
