// Instructions, one at a time: exact, with an error for what is malformed. `scan.mjs` passes over those of no interest.

import data from "./adapter.mjs";
import { LIMITS, Reader } from "./reader.mjs";
import { hex, readBlockType, readHeapType, readValueTypes } from "./types.mjs";

export const OP = {
  TRY: 0x06,
  END: 0x0b,
  BR_TABLE: 0x0e,
  CALL: 0x10,
  CALL_INDIRECT: 0x11,
  RETURN_CALL: 0x12,
  RETURN_CALL_INDIRECT: 0x13,
  CALL_REF: 0x14,
  RETURN_CALL_REF: 0x15,
  SELECT_TYPED: 0x1c,
  TRY_TABLE: 0x1f,
  LOCAL_GET: 0x20,
  LOCAL_SET: 0x21,
  LOCAL_TEE: 0x22,
  GLOBAL_GET: 0x23,
  GLOBAL_SET: 0x24,
  MEMORY_SIZE: 0x3f,
  MEMORY_GROW: 0x40,
  I32_CONST: 0x41,
  I64_CONST: 0x42,
  REF_FUNC: 0xd2,
};
/** @typedef {{offset: number, end: number, opcode: number, immediates: any[]}} Instruction `immediates`: what is of use, by letter */

/** What follows each opcode, a letter each. An opcode behind a prefix is `prefix << 16 | number`. @type {Map<number, string>} */
export const SIGNATURES = new Map();
for (const [letters, ranges] of Object.entries(data.javascript.signatures)) {
  for (const [first, last] of ranges) {
    for (let code = first; code <= last; code++) SIGNATURES.set(code, letters);
  }
}
const FIRST_PREFIX = 0xfb;
const LAST_PREFIX = 0xfe;
/** @type {(opcode: number) => boolean} */
export const isPrefix = (opcode) => opcode >= FIRST_PREFIX && opcode <= LAST_PREFIX;

/** @type {(what: string, sizes: number[]) => (reader: Reader) => void} `sizes`: by kind, how many indexes follow */
const clauses = (what, sizes) => (reader) => {
  for (let left = reader.count(`${what}s`, LIMITS.CATCH_CLAUSES, 2); left > 0; left--) {
    const kind = reader.u8();
    if (kind >= sizes.length) throw reader.fail(`unknown ${what} ${hex(kind)}`, reader.pos - 1);
    for (let each = sizes[kind]; each > 0; each--) reader.u32();
  }
};

/** @type {Record<string, (reader: Reader) => any>} */
const READERS = {
  b: readBlockType,
  i: (reader) => reader.u32(),
  T: (reader) => {
    for (let left = reader.count("branch targets", LIMITS.BRANCH_TABLE) + 1; left > 0; left--) reader.u32();
  },
  m: (reader) => {
    if (reader.u32() & 0x40) reader.u32(); // the memory, if there are several
    reader.u64();
  },
  s: (reader) => reader.signed(32),
  l: (reader) => reader.s64(),
  1: (reader) => reader.u8(),
  4: (reader) => reader.skip(4),
  8: (reader) => reader.skip(8),
  v: (reader) => reader.skip(16),
  t: (reader) => readValueTypes(reader, "types of select", LIMITS.RESULTS),
  h: readHeapType,
  c: clauses("catch clause", [2, 2, 1, 1]),
  r: clauses("handler", [2, 1]),
};

/** @type {(reader: Reader) => Instruction} */
export function readInstruction(reader) {
  const offset = reader.pos;
  let opcode = reader.u8();
  if (isPrefix(opcode)) {
    const number = reader.u32();
    if (number > 0xffff) throw reader.fail(`unknown opcode ${hex(number)}`, offset);
    opcode = (opcode << 16) | number;
  }
  const letters = SIGNATURES.get(opcode);
  if (letters === undefined) throw reader.fail(`unknown opcode ${hex(opcode)}`, offset);
  const immediates = [];
  for (const letter of letters) immediates.push(READERS[letter](reader));
  return { offset, end: reader.pos, opcode, immediates };
}

/**
 * @param {Uint8Array} bytes
 * @param {number} start
 * @param {number} end
 */
export function* readInstructions(bytes, start, end) {
  const reader = new Reader(bytes, start, end);
  while (reader.pos < end) yield readInstruction(reader);
}
