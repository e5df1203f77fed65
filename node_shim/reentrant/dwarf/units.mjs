// Walks the entries of units: moves the addresses in them, and notes what refers to other sections.

import { WasmFormatError } from "../errors.mjs";
import { Reader } from "../reader.mjs";
import { ADDRX, CODE, LOCATIONS, STEP, readAbbreviations } from "./forms.mjs";
import { add, exact, fits, fromLittle, little, littleSize, malformed, moved, movedLength, readLength, toLittle } from "./numbers.mjs";

/** @typedef {import("./forms.mjs").Shape} Shape */
/** @typedef {import("./forms.mjs").Step} Step */
/** @typedef {import("./numbers.mjs").Integer} Integer */
/** @typedef {Map<string, Uint8Array>} Sections */
/** A unit: its lowest address (old), from which lists count, and where its parts of other sections begin. @typedef {{shape: Shape, base: Integer, addrBase: Integer | null, listBases: Map<string, Integer>}} Unit */
/** An attribute, its form, its size in bytes or 0 for LEB128, and where it is. @typedef {[Integer, Integer, number, number]} Value */

const TYPE_UNITS = [2, 6];
const SKELETONS = [4, 5];
const EMPTY = new Uint8Array();

/** What units refer to: the offsets to be changed where a section's parts have moved. */
export class References {
  /** Of offsets: where they are and their size, by the section that has them and the one that they lead to. @type {{section: string, target: string, at: number, size: number}[]} */ sites = [];
  /** By section: the offset of a list, and the unit that refers to it. @type {Map<string, Map<Integer, Unit>>} */ lists = new Map();
  /** Offsets in `.debug_macro` at which a unit's macros begin. @type {Set<Integer>} */ macros = new Set();
  /** Of addresses of code in `.debug_addr`: the size, by the offset. @type {Map<Integer, Set<number>>} */ addresses = new Map();
  /** There are units whose rest is in a `.dwo` file. */ split = false;

  /** @param {string} section */
  listsOf(section) {
    const found = this.lists.get(section) ?? new Map();
    this.lists.set(section, found);
    return found;
  }

  /** @param {Integer} at @param {number} size */
  noteAddress(at, size) {
    const sizes = this.addresses.get(at) ?? new Set();
    this.addresses.set(at, sizes.add(size));
  }
}

/** @type {(shape: Shape) => Unit} */
export const newUnit = (shape) => ({ shape, base: 0, addrBase: null, listBases: new Map() });

/** Where in `.debug_addr` an address of a unit is, and the address. @type {(sections: Sections, unit: Unit, index: Integer) => {at: Integer, address: Integer}} */
export function indexedAddress(sections, unit, index) {
  if (unit.addrBase === null) throw new WasmFormatError("an index in .debug_addr without a base", Number(index));
  const at = add(unit.addrBase, exact(BigInt(index) * BigInt(unit.shape.address)));
  return { at, address: little(new Reader(sections.get(".debug_addr") ?? EMPTY, Number(at)), unit.shape.address) };
}

/** Moves the addresses in a section of units, in place. */
export class UnitMover {
  /** @type {Map<string, Map<Integer, Step[]>>} */ #tables = new Map();

  /**
   * @param {Uint8Array} data of the section, which is changed
   * @param {string} name
   * @param {Sections} sections all sections of DWARF, as they were
   * @param {import("../code-moves.mjs").CodeMoves} moves
   * @param {References} found
   */
  constructor(data, name, sections, moves, found) {
    this.data = data;
    this.name = name;
    this.sections = sections;
    this.moves = moves;
    this.found = found;
  }

  run() {
    const reader = new Reader(this.data.slice());
    while (reader.left) {
      const { length, offset } = readLength(reader);
      const content = reader.sub(length);
      const version = littleSize(content, 2);
      if (version < 2 || version > 5) throw content.fail(`DWARF of version ${version}`);
      const kind = version === 5 ? content.u8() : 1;
      let address;
      let table;
      if (version === 5) [address, table] = [content.u8(), little(content, offset)];
      else [table, address] = [little(content, offset), content.u8()];
      if (TYPE_UNITS.includes(kind) || this.name === ".debug_types") content.skip(8 + offset);
      else if (SKELETONS.includes(kind)) {
        content.skip(8);
        this.found.split = true;
      }
      this.#unit(content, { version, address, offset }, Number(table));
    }
  }

  /** @param {Reader} content @param {Shape} shape @param {number} table */
  #unit(content, shape, table) {
    const key = `${table} ${shape.version} ${shape.address} ${shape.offset}`;
    const abbreviations = this.#tables.get(key) ?? readAbbreviations(this.sections.get(".debug_abbrev") ?? EMPTY, table, shape);
    this.#tables.set(key, abbreviations);
    const unit = newUnit(shape);
    let first = true;
    for (const values of entries(content, abbreviations)) {
      if (first) this.#bases(unit, values);
      first = false;
      this.#entry(unit, values);
    }
  }

  /** Read what the other attributes of a unit are relative to. @param {Unit} unit @param {Value[]} values */
  #bases(unit, values) {
    /** @type {Value | undefined} */
    let low;
    for (const value of values) {
      const [attribute] = value;
      if (attribute === CODE.ADDR_BASE || attribute === CODE.GNU_ADDR_BASE) {
        unit.addrBase = this.#number(value);
        this.found.split ||= attribute === CODE.GNU_ADDR_BASE;
      } else if (attribute === CODE.RNGLISTS_BASE) unit.listBases.set(".debug_rnglists", this.#number(value));
      else if (attribute === CODE.LOCLISTS_BASE) unit.listBases.set(".debug_loclists", this.#number(value));
      else if (attribute === CODE.LOW_PC) low = value;
    }
    if (low !== undefined) unit.base = this.#address(unit, low);
  }

  /** @param {Unit} unit @param {Value[]} values */
  #entry(unit, values) {
    const five = unit.shape.version === 5;
    /** @type {Integer | undefined} */
    let low;
    /** @type {Value | undefined} */
    let high;
    for (const value of values) {
      const [attribute, form, size, at] = value;
      if (attribute === CODE.LOW_PC) low = this.#address(unit, value);
      if (form === CODE.ADDR) this.#put(at, size, moved(this.moves, this.#number(value)));
      else if (ADDRX.has(form)) this.found.noteAddress(indexedAddress(this.sections, unit, this.#number(value)).at, unit.shape.address);
      else if (attribute === CODE.HIGH_PC) high = value;
      else if (attribute === CODE.STMT_LIST) this.#refer(".debug_line", at, size);
      else if (attribute === CODE.MACROS || attribute === CODE.GNU_MACROS) this.found.macros.add(this.#number(value));
      else if (attribute === CODE.RNGLISTS_BASE) this.#refer(".debug_rnglists", at, size);
      else if (attribute === CODE.LOCLISTS_BASE) this.#refer(".debug_loclists", at, size);
      else if (attribute === CODE.RANGES || attribute === CODE.START_SCOPE) this.#list(unit, value, five ? ".debug_rnglists" : ".debug_ranges");
      else if (LOCATIONS.has(attribute) || form === CODE.LOCLISTX) this.#list(unit, value, five ? ".debug_loclists" : ".debug_loc");
    }
    if (low !== undefined && high !== undefined) this.#put(high[3], high[2], movedLength(this.moves, low, this.#number(high)));
  }

  /** Note a list: its offset, or its index in the table of the unit's part of the section. @param {Unit} unit @param {Value} value @param {string} section */
  #list(unit, value, section) {
    const [, form, size, at] = value;
    let offset = this.#number(value);
    if (form === CODE.LOCLISTX || form === CODE.RNGLISTX) {
      const base = unit.listBases.get(section);
      if (base === undefined) throw new WasmFormatError(`an index in ${section} without a base`, at);
      const place = add(base, exact(BigInt(offset) * BigInt(unit.shape.offset)));
      const table = new Reader(this.sections.get(section) ?? EMPTY, Number(place));
      offset = add(base, little(table, unit.shape.offset));
    } else if (unit.shape.version === 5) this.#refer(section, at, size);
    const lists = this.found.listsOf(section);
    const other = lists.get(offset) ?? unit;
    lists.set(offset, other);
    if (other.base !== unit.base) throw new WasmFormatError(`two units with other addresses share a list of ${section}`, Number(offset));
  }

  /** @param {string} target @param {number} at @param {number} size */
  #refer(target, at, size) {
    this.found.sites.push({ section: this.name, target, at, size });
  }

  /** @param {Unit} unit @param {Value} value @returns {Integer} */
  #address(unit, value) {
    return value[1] === CODE.ADDR ? this.#number(value) : indexedAddress(this.sections, unit, this.#number(value)).address;
  }

  /** @param {Value} value @returns {Integer} */
  #number([, , size, at]) {
    return size ? fromLittle(this.data.subarray(at, at + size)) : new Reader(this.data.subarray(at, at + 10)).unsigned(64);
  }

  /** Write a number where another one was. @param {number} at @param {number} size @param {Integer} number */
  #put(at, size, number) {
    if (size) {
      if (!fits(number, size)) throw new WasmFormatError(`${number} does not fit ${size} bytes`, at);
      this.data.set(toLittle(number, size), at);
      return;
    }
    let end = at;
    while (this.data[end] & 0x80) end++;
    let left = BigInt(number);
    for (let place = at; place <= end; place++, left >>= 7n) this.data[place] = Number(left & 0x7fn) | (place < end ? 0x80 : 0);
    if (left) throw new WasmFormatError("a number does not fit its bytes", at);
  }
}

/** For each entry of a unit the values that are looked at, if there are any. @param {Reader} content @param {Map<Integer, Step[]>} table @returns {Generator<Value[]>} */
function* entries(content, table) {
  const { data, end } = content;
  let at = content.pos;
  let first = true;
  const number = () => {
    const reader = new Reader(data, at);
    const value = reader.unsigned(128);
    at = reader.pos;
    return value;
  };
  while (at < end) {
    /** @type {Integer} */
    let code = data[at];
    if (code >= 0x80) code = number();
    else if (at++, code === 0) continue;
    const steps = table.get(code);
    if (steps === undefined) throw content.fail(`unknown abbreviation ${code}`, at);
    /** @type {Value[]} */
    const values = [];
    for (const [kind, attribute, form, size] of steps) {
      if (kind === STEP.FIXED) at += size;
      else if (kind === STEP.VALUE) {
        values.push([attribute, form, size, at]);
        if (size || form === CODE.IMPLICIT_CONST) at += size;
        else number();
      } else if (kind === STEP.NUMBER) number();
      else if (kind === STEP.TEXT) {
        at = data.indexOf(0, at) + 1;
        if (at === 0) throw malformed();
      } else if (size) at += size + Number(fromLittle(data.subarray(at, at + size)));
      else {
        const length = number(); // moves on to what it counts
        at += Number(length);
      }
    }
    if (at > end) throw content.fail("an entry ends behind its unit", at);
    if (values.length > 0 || first) yield values;
    first = false;
  }
}
