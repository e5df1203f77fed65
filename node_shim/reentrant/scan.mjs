// Finds instructions of interest, and passes over all others by their length. As in Python (`stackswitch/wasm/scan.py`), the
// length of numbers is checked there and their range is not; what cannot be measured so is read exactly, which says what is wrong.

import { Reader } from "./reader.mjs";
import { OP, SIGNATURES, isPrefix, readInstruction } from "./instructions.mjs";

/** @typedef {import("./instructions.mjs").Instruction} Instruction */
/** Where the next thing is, or -1: it cannot be measured. @typedef {(bytes: Uint8Array, at: number, end: number) => number} Measure */

/** A number of so many bytes at most. @type {(most: number) => Measure} */
const number = (most) => (bytes, at, end) => {
  const last = Math.min(at + most, end);
  while (at < last) if (bytes[at++] < 0x80) return at;
  return -1;
};
const u32 = number(5);
const u64 = number(10);

/** @type {(size: number) => Measure} */
const raw = (size) => (_bytes, at, end) => (at + size <= end ? at + size : -1);

/** @type {Measure} */
function heap(bytes, at, end) {
  if (at >= end) return -1;
  if (bytes[at] === 0x65) return at + 2 <= end ? at + 2 : -1;
  return bytes[at] === 0x62 ? u32(bytes, at + 1, end) : u32(bytes, at, end);
}

/** @type {Measure} */
function block(bytes, at, end) {
  if (at >= end) return -1;
  if (bytes[at] === 0x63 || bytes[at] === 0x64) return heap(bytes, at + 1, end);
  return bytes[at] === 0x65 ? raw(2)(bytes, at, end) : u32(bytes, at, end);
}

/** @type {Measure} */
function memory(bytes, at, end) {
  const several = at < end && (bytes[at] & 0x40) !== 0;
  at = u32(bytes, at, end);
  if (at >= 0 && several) at = u32(bytes, at, end);
  return at < 0 ? -1 : u64(bytes, at, end);
}

/** @type {Record<string, Measure>} */
const MEASURES = { b: block, i: u32, m: memory, s: u32, l: u64, 1: raw(1), 4: raw(4), 8: raw(8), v: raw(16), h: heap };

/** @type {Measure} */
function branchTable(bytes, at, end) {
  let left = bytes[at++];
  if (at > end || (left >= 0x80 && (at >= end || bytes[at++] !== 1))) return -1; // at most 255 targets
  for (left++; left > 0 && at >= 0; left--) at = u32(bytes, at, end);
  return at;
}

/** @type {Measure} */
function tryTable(bytes, at, end) {
  at = block(bytes, at, end);
  if (at < 0 || at >= end || bytes[at] > 4) return -1;
  for (let left = bytes[at++]; left > 0; left--) {
    if (at >= end || bytes[at] > 3) return -1;
    const kind = bytes[at++];
    at = u32(bytes, at, end);
    if (at >= 0 && kind < 2) at = u32(bytes, at, end);
    if (at < 0) return -1;
  }
  return at;
}

/** @type {Measure} */
function typedSelect(bytes, at, end) {
  if (at + 2 > end || bytes[at] !== 1) return -1;
  const type = bytes[at + 1];
  if (type >= 0x67 && type <= 0x7f) return at + 2;
  return type === 0x63 || type === 0x64 ? heap(bytes, at + 2, end) : -1;
}

/** @type {(letters: string) => Measure | undefined} */
function inTurn(letters) {
  const measures = [...letters].map((each) => MEASURES[each]);
  if (measures.includes(/** @type {any} */ (undefined))) return undefined;
  if (measures.length === 1) return measures[0];
  return (bytes, at, end) => {
    for (const each of measures) {
      at = each(bytes, at, end);
      if (at < 0) return -1;
    }
    return at;
  };
}

/** @type {Map<string, Measure | undefined>} */
const byLetters = new Map([...new Set(SIGNATURES.values())].map((letters) => [letters, inTurn(letters)]));
/** @type {(Measure | undefined)[]} */
const SHORT = [];
/** @type {Map<number, Measure | undefined>} */
const PREFIXED = new Map();
for (const [opcode, letters] of SIGNATURES) {
  if (opcode < 0x100) SHORT[opcode] = byLetters.get(letters);
  else PREFIXED.set(opcode, byLetters.get(letters));
}
SHORT[OP.BR_TABLE] = branchTable;
SHORT[OP.TRY_TABLE] = tryTable;
SHORT[OP.SELECT_TYPED] = typedSelect;

/** @type {Measure} */
function prefixed(bytes, at, end) {
  const after = u32(bytes, at + 1, end);
  if (after < 0) return -1;
  let value = 0;
  for (let byte = after - 1; byte > at; byte--) value = value * 128 + (bytes[byte] & 0x7f);
  const measure = value > 0xffff ? undefined : PREFIXED.get((bytes[at] << 16) | value);
  return measure === undefined ? -1 : measure(bytes, after, end);
}

/**
 * Read each instruction between two offsets whose opcode is one of `stops`, which have no prefix.
 *
 * @param {Uint8Array} bytes
 * @param {number} start
 * @param {number} end
 * @param {Set<number>} stops
 * @returns {Generator<Instruction>}
 */
export function* findInstructions(bytes, start, end, stops) {
  const stop = new Uint8Array(256);
  for (const each of stops) stop[each] = 1;
  let at = start;
  while (at < end) {
    const opcode = bytes[at];
    if (stop[opcode] === 0) {
      const next = isPrefix(opcode) ? prefixed(bytes, at, end) : (SHORT[opcode]?.(bytes, at + 1, end) ?? -1);
      if (next >= 0) {
        at = next;
        continue;
      }
    }
    const instruction = readInstruction(new Reader(bytes, at, end));
    at = instruction.end;
    if (stops.has(instruction.opcode)) yield instruction;
  }
}
