// The types of a module, as texts: `i32`, `funcref`, `(ref null 3)`.

import data from "./adapter.mjs";
import { LIMITS } from "./reader.mjs";

/** @typedef {import("./reader.mjs").Reader} Reader */
/** @typedef {{params: string[], results: string[]}} FunctionType */
/** @typedef {FunctionType | null} DefinedType null: no function's */
/** @typedef {{type: string, mutable: boolean}} GlobalType */
/** @typedef {{minimum: number | bigint, maximum: number | bigint | null, shared: boolean, is64: boolean}} MemoryType */

/** @type {(table: Record<string, string>) => [number, string][]} */
const byCode = (table) => Object.entries(table).map(([code, text]) => [Number(code), text]);

const NUMBERS = new Map(byCode(data.javascript.number_types));
const PACKED = new Map(byCode(data.javascript.packed_types));
const HEAPS = new Map(byCode(data.javascript.heap_types));
const SHORTHANDS = new Map(byCode(data.javascript.shorthands));
const BY_HEAP = new Map([...HEAPS].map(([code, heap]) => [heap, SHORTHANDS.get(code)]));
const NUMBER_TEXTS = new Set(NUMBERS.values());
const VALUES = new Map([...NUMBERS, ...SHORTHANDS]);
/** The codes of types that are one byte, by text. */
export const VALUE_CODES = new Map([...VALUES].map(([code, text]) => [text, code]));
export const HEAP_CODES = new Map([...HEAPS].map(([code, text]) => [text, code]));

const REF = 0x64;
const REF_NULL = 0x63;
const SHARED = 0x65;
const EXACT = 0x62;

/** @type {(code: number) => string} */
export const hex = (code) => `0x${code.toString(16)}`;

/** @type {(type: FunctionType) => string} */
export const signature = ({ params, results }) => `${params.join(",")}>${results.join(",")}`;

/** @param {string} text */
const isReference = (text) => !NUMBER_TEXTS.has(text);

/** @type {(reader: Reader) => string} */
export function readHeapType(reader) {
  const start = reader.pos;
  const byte = reader.peek();
  const abstract = HEAPS.get(byte);
  if (abstract !== undefined) {
    reader.u8();
    return abstract;
  }
  if (byte === SHARED) {
    reader.u8();
    const code = reader.u8();
    if (HEAPS.has(code)) return `(shared ${HEAPS.get(code)})`;
    throw reader.fail(`unknown heap type ${hex(code)}`, start);
  }
  if (byte === EXACT) {
    reader.u8();
    return `(exact ${reader.u32()})`;
  }
  const number = reader.signed(33);
  if (number < 0) throw reader.fail(`unknown heap type ${hex(byte)}`, start);
  return String(number);
}

/** @type {(reader: Reader) => string} */
export function readValueType(reader) {
  const start = reader.pos;
  const byte = reader.u8();
  const short = VALUES.get(byte);
  if (short !== undefined) return short;
  if (byte === REF) return `(ref ${readHeapType(reader)})`;
  if (byte === REF_NULL) {
    const heap = readHeapType(reader);
    return BY_HEAP.get(heap) ?? `(ref null ${heap})`;
  }
  if (byte === SHARED && reader.left && HEAPS.has(reader.peek())) return `(ref null (shared ${HEAPS.get(reader.u8())}))`;
  throw reader.fail(`unknown value type ${hex(byte)}`, start);
}

/** @type {(reader: Reader, what: string, limit: number) => string[]} */
export const readValueTypes = (reader, what, limit) => reader.times(reader.count(what, limit), () => readValueType(reader));

/** A block's type is read and checked; nobody needs it. @type {(reader: Reader) => void} */
export function readBlockType(reader) {
  const byte = reader.peek();
  if (byte === 0x40) return void reader.u8();
  if (VALUES.has(byte) || byte === REF || byte === REF_NULL || byte === SHARED) return void readValueType(reader);
  const start = reader.pos;
  if (reader.signed(33) < 0) throw reader.fail(`unknown block type ${hex(byte)}`, start);
}

/** The type section's content, recursion groups flattened. @type {(reader: Reader) => DefinedType[]} */
export function readDefinedTypes(reader) {
  /** @type {DefinedType[]} */
  const types = [];
  for (let left = reader.count("types", LIMITS.TYPES); left > 0; left--) {
    let group = 1;
    if (reader.left && reader.peek() === 0x4e) {
      reader.u8();
      group = reader.count("types in a group", LIMITS.TYPES_IN_A_GROUP, 2);
    }
    if (types.length + group > LIMITS.TYPES) throw reader.fail(`more than ${LIMITS.TYPES} types`);
    for (; group > 0; group--) types.push(readSubType(reader));
  }
  return types;
}

/** @type {(reader: Reader) => DefinedType} */
function readSubType(reader) {
  let start = reader.pos;
  let code = reader.u8();
  if (code === 0x50 || code === 0x4f) {
    reader.times(reader.count("supertypes", LIMITS.SUPERTYPES), () => reader.u32());
    code = reader.u8();
  }
  for (; code === 0x65 || code === 0x4c || code === 0x4d; code = reader.u8()) {
    if (code !== 0x65) reader.u32();
  }
  if (code === 0x60) {
    const params = readValueTypes(reader, "parameters", LIMITS.PARAMETERS);
    return { params, results: readValueTypes(reader, "results", LIMITS.RESULTS) };
  }
  if (code === 0x5f) {
    reader.times(reader.count("fields", LIMITS.STRUCT_FIELDS, 2), () => readField(reader));
    return null;
  }
  if (code === 0x5e) {
    readField(reader);
    return null;
  }
  if (code === 0x5d) {
    start = reader.pos;
    if (reader.signed(33) < 0) throw reader.fail("a continuation is of a function type's index", start);
    return null;
  }
  throw reader.fail(`unknown type form ${hex(code)}`, start);
}

/** @type {(reader: Reader) => void} */
function readField(reader) {
  if (PACKED.has(reader.peek())) reader.u8();
  else readValueType(reader);
  readMutability(reader);
}

/** @type {(reader: Reader) => boolean} */
function readMutability(reader) {
  const start = reader.pos;
  const flag = reader.u8();
  if (flag & ~0x03) throw reader.fail(`unknown mutability ${hex(flag)}`, start);
  return (flag & 1) === 1;
}

/** @type {(reader: Reader) => GlobalType} */
export const readGlobalType = (reader) => ({ type: readValueType(reader), mutable: readMutability(reader) });

/** @type {(reader: Reader) => MemoryType} */
export function readMemoryType(reader) {
  const { flags, minimum, maximum } = readLimits(reader, 0x0f);
  if (flags & 8) {
    const start = reader.pos;
    const log2 = reader.u32();
    if (log2 > 16) throw reader.fail(`page size 2**${log2}`, start);
  }
  return { minimum, maximum, shared: (flags & 2) !== 0, is64: (flags & 4) !== 0 };
}

/** @type {(reader: Reader) => {is64: boolean}} */
export function readTableType(reader) {
  const start = reader.pos;
  const element = readValueType(reader);
  if (!isReference(element)) throw reader.fail(`a table of ${element}`, start);
  return { is64: (readLimits(reader, 0x07).flags & 4) !== 0 };
}

/** @type {(reader: Reader) => string} */
export function readReferenceType(reader) {
  const start = reader.pos;
  const text = readValueType(reader);
  if (!isReference(text)) throw reader.fail(`elements of type ${text}`, start);
  return text;
}

/** @type {(reader: Reader, known: number) => {flags: number, minimum: number | bigint, maximum: number | bigint | null}} */
function readLimits(reader, known) {
  const start = reader.pos;
  const flags = reader.u8();
  if (flags & ~known) throw reader.fail(`unknown limits flags ${hex(flags)}`, start);
  const read = flags & 4 ? () => reader.u64() : () => reader.u32();
  const minimum = read();
  return { flags, minimum, maximum: flags & 1 ? read() : null };
}
