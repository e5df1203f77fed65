// Moves lists of ranges and of locations. Those of DWARF 2 to 4 keep their sizes; those of DWARF 5 may take more bytes than before.

import { WasmFormatError } from "../errors.mjs";
import { Reader } from "../reader.mjs";
import { hex } from "../types.mjs";
import { Output, add, fixed, leb, little, littleSize, mark, moved, movedLength, readLength, subtract } from "./numbers.mjs";
import { indexedAddress, newUnit } from "./units.mjs";

/** @typedef {import("../code-moves.mjs").CodeMoves} CodeMoves */
/** @typedef {import("./numbers.mjs").Integer} Integer */
/** @typedef {import("./units.mjs").Unit} Unit */
/** @typedef {import("./units.mjs").References} References */

const END = 0;
const BASE_INDEX = 1;
const INDEXES = 2;
const INDEX_LENGTH = 3;
const OFFSETS = 4;
/** @type {Record<number, string>} */
const RANGES = { 5: "base", 6: "start_end", 7: "start_length" };
/** @type {Record<number, string>} */
const LOCATIONS = { 5: "default", 6: "base", 7: "start_end", 8: "start_length", 9: "view" };

/** The new offset from a base's new address. @type {(moves: CodeMoves, base: Integer, offset: Integer) => Integer} */
const relative = (moves, base, offset) => subtract(moved(moves, add(base, offset)), moved(moves, base));

/**
 * `.debug_ranges` or `.debug_loc` with its lists moved.
 *
 * @param {Uint8Array} data
 * @param {Map<Integer, Unit>} lists the offset of each list, and the unit that refers to it
 * @param {CodeMoves} moves
 * @param {boolean} locations
 */
export function movedPairs(data, lists, moves, locations) {
  const out = data.slice();
  for (const [start, { base: unitBase, shape: { address: size } }] of lists) {
    let base = unitBase;
    const reader = new Reader(data, Number(start));
    const highest = (1n << BigInt(8 * size)) - 1n;
    for (;;) {
      const at = reader.pos;
      const [low, high] = [little(reader, size), little(reader, size)];
      if (low === 0 && high === 0) break;
      let pair;
      if (BigInt(low) === highest) {
        base = high;
        pair = [low, moved(moves, high)];
      } else {
        if (locations) reader.skip(littleSize(reader, 2));
        pair = [relative(moves, base, low), relative(moves, base, high)];
      }
      out.set(pair.flatMap((each) => fixed(each, size)), at);
    }
  }
  return out;
}

/** Writes `.debug_rnglists` or `.debug_loclists` anew. */
export class ListMover {
  /** The new offset of each list and of each part's table, by the old one. @type {Map<Integer, number>} */ offsets = new Map();
  #out = new Output();

  /**
   * @param {string} name of the section
   * @param {Map<string, Uint8Array>} sections all sections of DWARF, as they were
   * @param {CodeMoves} moves
   * @param {References} found
   */
  constructor(name, sections, moves, found) {
    this.name = name;
    this.sections = sections;
    this.moves = moves;
    this.found = found;
    this.lists = found.lists.get(name) ?? new Map();
  }

  run() {
    const reader = new Reader(/** @type {Uint8Array} */ (this.sections.get(this.name)));
    while (reader.left) {
      const { length, offset } = readLength(reader);
      this.#part(reader.sub(length), offset);
    }
    const missing = [...this.lists.keys()].filter((each) => !this.offsets.has(each));
    if (missing.length > 0) {
      const first = missing.reduce((one, other) => (other < one ? other : one));
      throw new WasmFormatError(`no list of ${this.name} begins where one is referred to`, Number(first));
    }
    return this.#out.bytes;
  }

  /** @param {Reader} part @param {number} offset */
  #part(part, offset) {
    const [version, address] = [littleSize(part, 2), part.u8()];
    if (version !== 5) throw part.fail(`${this.name} of version ${version}`);
    part.skip(1);
    const count = littleSize(part, 4);
    const base = part.pos;
    const table = this.#out.length + (offset === 4 ? 4 : 12) + 8;
    this.offsets.set(base, table);
    const indexes = part.times(count, () => little(part, offset));
    const lists = new Output();
    const first = table + count * offset;
    while (part.left) {
      this.offsets.set(part.pos, first + lists.length);
      this.#list(lists, part, this.lists.get(part.pos) ?? newUnit({ version, address, offset }));
    }
    const places = indexes.map((each) => this.offsets.get(add(base, each)));
    if (places.includes(undefined)) throw part.fail(`an index of ${this.name} leads to no list`);
    const head = [version, 0, address, 0, ...fixed(count, 4), ...places.flatMap((each) => fixed(/** @type {number} */ (each) - table, offset))];
    this.#out.push([...mark(offset), ...fixed(head.length + lists.length, offset), ...head]);
    this.#out.push(lists.bytes);
  }

  /** Copy a list with its numbers moved. @param {Output} out @param {Reader} reader @param {Unit} unit */
  #list(out, reader, unit) {
    const locations = this.name === ".debug_loclists";
    const kinds = locations ? LOCATIONS : RANGES;
    const size = unit.shape.address;
    let { base } = unit;
    for (;;) {
      const code = reader.u8();
      const kind = kinds[code] ?? "";
      out.push([code]);
      if (code === END) return;
      if (code === BASE_INDEX) {
        const index = reader.unsigned(64);
        base = this.#indexed(unit, index);
        out.push(leb(index));
      } else if (kind === "base") {
        base = little(reader, size);
        out.push(fixed(moved(this.moves, base), size));
      } else {
        out.push(this.#entry(reader, unit, code, kind, base));
        if (!locations || kind === "view") continue;
        const length = reader.unsigned(64);
        out.push(leb(length));
        out.push(reader.take(Number(length)));
      }
    }
  }

  /** @param {Reader} reader @param {Unit} unit @param {number} code @param {string} kind @param {Integer} base @returns {number[]} */
  #entry(reader, unit, code, kind, base) {
    const { moves } = this;
    const size = unit.shape.address;
    if (kind === "default") return [];
    if (code === OFFSETS) {
      const [low, high] = [reader.unsigned(64), reader.unsigned(64)];
      return [...leb(relative(moves, base, low)), ...leb(relative(moves, base, high))];
    }
    if (kind === "start_end") return [1, 2].flatMap(() => fixed(moved(moves, little(reader, size)), size));
    if (kind === "start_length") {
      const start = little(reader, size);
      return [...fixed(moved(moves, start), size), ...leb(movedLength(moves, start, reader.unsigned(64)))];
    }
    const first = reader.unsigned(64);
    let second = reader.unsigned(64);
    if (code === INDEXES) {
      this.#indexed(unit, first);
      this.#indexed(unit, second);
    } else if (code === INDEX_LENGTH) second = movedLength(moves, this.#indexed(unit, first), second);
    else if (kind !== "view") throw reader.fail(`an entry of ${this.name} is of an unknown kind ${hex(code)}`);
    return [...leb(first), ...leb(second)];
  }

  /** An address (old) of `.debug_addr`, which is noted as code. @param {Unit} unit @param {Integer} index @returns {Integer} */
  #indexed(unit, index) {
    const { at, address } = indexedAddress(this.sections, unit, index);
    this.found.noteAddress(at, unit.shape.address);
    return address;
  }
}
