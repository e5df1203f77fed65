// Attributes and forms of DWARF 2 to 5, as far as offsets of code depend on them.

import { Reader } from "../reader.mjs";
import { adapter } from "../specification.mjs";
import { hex } from "../types.mjs";

/** @typedef {import("./numbers.mjs").Integer} Integer */
/** What the sizes of forms depend on: `version` of DWARF, the sizes of an address and of an offset (bytes). @typedef {{version: number, address: number, offset: number}} Shape */
/** A kind, an attribute and a form (for `VALUE`), a size in bytes, 0 for LEB128. @typedef {[number, Integer, Integer, number]} Step */

const known = adapter.javascript.dwarf;
/** @type {(table: Record<string, number>) => Map<Integer, number>} */
const byCode = (table) => new Map(Object.entries(table).map(([code, size]) => [Number(code), size]));

/** @type {Record<string, number>} */
export const CODE = known.codes;
/** @type {Set<Integer>} */
export const LOCATIONS = new Set(known.locations);
/** Forms that are indexes in `.debug_addr`. */
export const ADDRX = byCode(known.addrx);
const CONSTANTS = byCode(known.constants);
const SIZES = byCode(known.sizes);
const BLOCKS = byCode(known.blocks);
/** @type {Set<Integer>} */
const OFFSETS = new Set(known.offsets);
/** @type {Set<Integer>} */
const LEB128 = new Set(known.leb128);
/** @type {Set<Integer>} */
const MOVED = new Set(known.moved);
/** @type {Set<Integer>} */
const NOT_MOVED = new Set(known.not_moved);
const STRING = 0x08;
const REF_ADDR = 0x10;

/** Steps over an entry: so many bytes, a LEB128 number, a text, a block with its size first, or a value that is looked at. */
export const STEP = { FIXED: 0, NUMBER: 1, TEXT: 2, BLOCK: 3, VALUE: 4 };

/** A table of abbreviations: the steps over an entry, by code. @type {(data: Uint8Array, start: number, shape: Shape) => Map<Integer, Step[]>} */
export function readAbbreviations(data, start, shape) {
  const reader = new Reader(data, start);
  const found = new Map();
  for (let code = reader.unsigned(64); code !== 0; code = reader.unsigned(64)) {
    reader.unsigned(64);
    reader.u8();
    /** @type {Step[]} */
    const steps = [];
    for (;;) {
      const attribute = reader.unsigned(64);
      const form = reader.unsigned(64);
      if (form === CODE.IMPLICIT_CONST) reader.s64();
      if (attribute === 0 && form === 0) break;
      const step = stepOf(attribute, form, shape, reader);
      const last = steps[steps.length - 1];
      if (step[0] === STEP.FIXED && last?.[0] === STEP.FIXED) last[3] += step[3];
      else steps.push(step);
    }
    found.set(code, steps);
  }
  return found;
}

/** @type {(attribute: Integer, form: Integer, shape: Shape, reader: Reader) => Step} */
function stepOf(attribute, form, shape, reader) {
  if (form === CODE.INDIRECT) throw reader.fail("a form that is given indirectly");
  if (isValue(attribute, form, shape, reader)) {
    const size = form === CODE.ADDR ? shape.address : form === CODE.SEC_OFFSET ? shape.offset : sizeOf(form);
    return [STEP.VALUE, attribute, form, size];
  }
  if (form === STRING) return [STEP.TEXT, 0, 0, 0];
  const block = BLOCKS.get(form);
  if (block !== undefined) return [STEP.BLOCK, 0, 0, block];
  if (LEB128.has(form)) return [STEP.NUMBER, 0, 0, 0];
  if (OFFSETS.has(form)) return [STEP.FIXED, 0, 0, shape.offset];
  if (form === REF_ADDR) return [STEP.FIXED, 0, 0, shape.version < 3 ? shape.address : shape.offset];
  const size = SIZES.get(form);
  if (size === undefined) throw reader.fail(`unknown form ${hexOf(form)}`);
  return [STEP.FIXED, 0, 0, size];
}

/** Whether an attribute may hold or need an offset that moves. @type {(attribute: Integer, form: Integer, shape: Shape, reader: Reader) => boolean} */
function isValue(attribute, form, shape, reader) {
  if (form === CODE.ADDR || ADDRX.has(form) || form === CODE.LOCLISTX || form === CODE.RNGLISTX) return true;
  if (attribute === CODE.HIGH_PC) {
    if (!CONSTANTS.has(form)) throw reader.fail(`the end of a range has the form ${hexOf(form)}`);
    return true;
  }
  if (form === CODE.SEC_OFFSET || (shape.version < 4 && (form === CODE.DATA4 || form === CODE.DATA8))) {
    if (MOVED.has(attribute) || LOCATIONS.has(attribute)) return true;
    if (form === CODE.SEC_OFFSET && !NOT_MOVED.has(attribute)) {
      throw reader.fail(`attribute ${hexOf(attribute)} is an offset in a section that is not known`);
    }
  }
  return false;
}

/** @param {Integer} form */
const sizeOf = (form) => ADDRX.get(form) ?? CONSTANTS.get(form) ?? SIZES.get(form) ?? 0;

/** @param {Integer} code */
const hexOf = (code) => (typeof code === "number" ? hex(code) : `0x${code.toString(16)}`);
