// A module, read from its bytes: all but the bodies, data and custom sections. What others rely on is checked; code is not validated.

import { HEADER, KINDS, SECTION, SECTION_ORDER } from "./encode.mjs";
import { WasmFormatError } from "./errors.mjs";
import { OP, readInstruction } from "./instructions.mjs";
import { LIMITS, Reader, sectionsOf } from "./reader.mjs";
import { hex, readDefinedTypes, readGlobalType, readMemoryType, readReferenceType, readTableType, readValueType, signature } from "./types.mjs";

/** @typedef {import("./types.mjs").FunctionType} FunctionType */
/** @typedef {{module: string, name: string, fullName: string, kind: string, index: number}} Import */
/** @typedef {{name: string, kind: string, index: number}} Export */
/** @typedef {{start: number, end: number, value: number | bigint | null, functions: number[]}} Constant */

const FUNCTION_NAMES = 1;
const GLOBAL_NAMES = 7;
const EXACT_FUNCTION = 0x20;

/** An initialiser, up to its `end`. @type {(reader: Reader) => Constant} */
export function readConstant(reader) {
  const start = reader.pos;
  /** @type {number[]} */
  const functions = [];
  let count = 0;
  let value = null;
  for (let each = readInstruction(reader); each.opcode !== OP.END; each = readInstruction(reader)) {
    count++;
    if (each.opcode === OP.I32_CONST || each.opcode === OP.I64_CONST) value = each.immediates[0];
    else if (each.opcode === OP.REF_FUNC) functions.push(each.immediates[0]);
  }
  return { start, end: reader.pos, value: count === 1 ? value : null, functions };
}

export class Module {
  /** @type {import("./types.mjs").DefinedType[]} */ types = [];
  /** @type {Import[]} */ imports = [];
  /** @type {Import[]} */ functionImports = [];
  /** @type {Map<string, Export>} in their order */ exports = new Map();
  /** Indexes of types, of functions and tags. @type {number[]} */ functionTypes = [];
  /** @type {number[]} */ tags = [];
  /** @type {{is64: boolean}[]} */ tables = [];
  /** @type {import("./types.mjs").MemoryType[]} */ memories = [];
  /** @type {import("./types.mjs").GlobalType[]} */ globals = [];
  /** Of globals, by index. @type {Map<number, Constant>} */ initialisers = new Map();
  /** Functions that element segments and initialisers of tables refer to. @type {Set<number>} */ referred = new Set();
  /** Where the bodies start (with their locals) and end. @type {number[]} */ starts = [];
  /** @type {number[]} */ ends = [];
  /** Where the code section's content starts. */ codeOffset = 0;
  /** The content of custom sections by name; of two with one name, the first. @type {Map<string, [number, number]>} */ customSections = new Map();
  /** @type {number | null} */ #dataCount = null;

  /** @param {Uint8Array} bytes throws a WasmFormatError */
  constructor(bytes) {
    this.bytes = bytes;
    this.#checkHeader();
    let last = -1;
    let custom = 0;
    for (const { id, start, content } of sectionsOf(bytes)) {
      if (id === SECTION.CUSTOM) {
        if (++custom > LIMITS.CUSTOM_SECTIONS) throw new WasmFormatError(`more than ${LIMITS.CUSTOM_SECTIONS} custom sections`, start);
        const title = content.name();
        if (!this.customSections.has(title)) this.customSections.set(title, [content.pos, content.end]);
        continue;
      }
      const place = SECTION_ORDER.indexOf(id);
      if (place < 0) throw new WasmFormatError(`unknown section ${id}`, start);
      if (place <= last) throw new WasmFormatError(`section ${id} out of order`, start);
      last = place;
      if (id === SECTION.CODE) this.codeOffset = content.pos;
      this.#read(id, content);
      content.expectEnd(`section ${id}`);
    }
    const declared = this.functionCount - this.importedFunctions;
    if (this.starts.length !== declared) {
      throw new WasmFormatError(`${declared} functions are declared and ${this.starts.length} have a body`, bytes.length);
    }
  }

  get functionCount() {
    return this.functionTypes.length;
  }

  get importedFunctions() {
    return this.functionImports.length;
  }

  /** @param {number} index @returns {FunctionType} */
  functionType(index) {
    return /** @type {FunctionType} */ (this.types[this.functionTypes[index]]);
  }

  /** Whether a function has a type. @param {number} index @param {FunctionType} type */
  hasType(index, type) {
    return signature(this.functionType(index)) === signature(type);
  }

  /** The functions that are exported, in their order. @returns {Export[]} */
  get functionExports() {
    return [...this.exports.values()].filter((each) => each.kind === "func");
  }

  /** Where a defined function's instructions start and end. @param {number} index @returns {[number, number]} */
  codeRange(index) {
    const at = index - this.importedFunctions;
    const reader = new Reader(this.bytes, this.starts[at], this.ends[at]);
    let total = 0;
    for (let left = reader.count("runs of locals", LIMITS.LOCALS, 2); left > 0; left--) {
      const start = reader.pos;
      total += reader.u32();
      if (total > LIMITS.LOCALS) throw reader.fail(`more than ${LIMITS.LOCALS} locals`, start);
      readValueType(reader);
    }
    return [reader.pos, this.ends[at]];
  }

  /** The code of all defined functions, one after the other. @returns {Generator<[number, number]>} */
  *code() {
    for (let index = this.importedFunctions; index < this.functionCount; index++) yield this.codeRange(index);
  }

  /** @returns {Map<number, Uint8Array>} raw names of functions by index; throws if the section is malformed */
  get functionNames() {
    const count = this.functionCount;
    return new Map(this.functionNameEntries.filter(([index]) => index < count));
  }

  /** @returns {[number, Uint8Array][]} */
  get functionNameEntries() {
    return this.#names(FUNCTION_NAMES);
  }

  /** @returns {[number, Uint8Array][]} */
  get globalNames() {
    return this.#names(GLOBAL_NAMES);
  }

  /** @param {number} subsection @returns {[number, Uint8Array][]} */
  #names(subsection) {
    const place = this.customSections.get("name");
    /** @type {[number, Uint8Array][]} */
    const names = [];
    if (place === undefined) return names;
    const reader = new Reader(this.bytes, ...place);
    while (reader.left) {
      const kind = reader.u8();
      const part = reader.sub(reader.u32());
      if (kind !== subsection) continue;
      for (let left = part.count("names", LIMITS.FUNCTIONS, 2); left > 0; left--) names.push([part.u32(), part.rawName(LIMITS.MODULE_BYTES)]);
      part.expectEnd("names");
    }
    return names;
  }

  #checkHeader() {
    const { bytes } = this;
    if (bytes.length > LIMITS.MODULE_BYTES) throw new WasmFormatError(`${bytes.length} bytes: at most ${LIMITS.MODULE_BYTES} are allowed`, 0);
    const same = HEADER.findIndex((byte, at) => bytes[at] !== byte);
    if (same >= 0 && same < 4) throw new WasmFormatError("not a WebAssembly module: it does not begin with \\0asm", 0);
    if (same < 0) return;
    const what = bytes[6] === 1 && bytes[7] === 0 ? "a component, not a core module" : "unknown version";
    throw new WasmFormatError(bytes.length >= HEADER.length ? what : "unexpected end", 4);
  }

  /** @param {number} id @param {Reader} reader */
  #read(id, reader) {
    if (id === 1) this.types = readDefinedTypes(reader);
    else if (id === 2) this.#readImports(reader);
    else if (id === 3) this.#readFunctions(reader);
    else if (id === 4) this.#readTables(reader);
    else if (id === 5) this.memories.push(...reader.times(reader.count("memories", LIMITS.MEMORIES, 2), () => readMemoryType(reader)));
    else if (id === 6) this.#readGlobals(reader);
    else if (id === 7) this.#readExports(reader);
    else if (id === 8) reader.index("func", this.functionCount);
    else if (id === 9) this.#readElements(reader);
    else if (id === 10) this.#readBodies(reader);
    else if (id === 11) this.#readData(reader);
    else if (id === 12) this.#dataCount = reader.u32();
    else for (let left = reader.count("tags", LIMITS.TAGS, 2); left > 0; left--) this.tags.push(this.#tagType(reader));
  }

  /** @param {Reader} reader */
  #readFunctions(reader) {
    const count = reader.count("functions", LIMITS.FUNCTIONS);
    const start = reader.pos;
    const indexes = reader.times(count, () => reader.u32());
    if (indexes.some((each) => !this.types[each])) {
      reader.pos = start; // again, for the place
      reader.times(count, () => this.#functionType(reader));
    }
    for (const each of indexes) this.functionTypes.push(each);
  }

  /** @param {Reader} reader */
  #functionType(reader) {
    const start = reader.pos;
    const index = reader.index("type", this.types.length);
    if (this.types[index] === null) throw reader.fail(`type ${index} is not a function's`, start);
    return index;
  }

  /** @param {Reader} reader */
  #tagType(reader) {
    if (reader.u8() !== 0) throw reader.fail("unknown tag attribute", reader.pos - 1);
    return this.#functionType(reader);
  }

  /** @param {Reader} reader */
  #readImports(reader) {
    for (let left = reader.count("imports", LIMITS.IMPORTS, 4); left > 0; left--) {
      const [module, name] = [reader.name(), reader.name()];
      const start = reader.pos;
      const code = reader.u8();
      const kind = code === EXACT_FUNCTION ? 0 : code;
      const spaces = this.#spaces();
      if (kind === 0) this.functionTypes.push(this.#functionType(reader));
      else if (kind === 1) this.tables.push(readTableType(reader));
      else if (kind === 2) this.memories.push(readMemoryType(reader));
      else if (kind === 3) this.globals.push(readGlobalType(reader));
      else if (kind === 4) this.tags.push(this.#tagType(reader));
      else throw reader.fail(`unknown import kind ${hex(code)}`, start);
      const found = { module, name, fullName: `${module}.${name}`, kind: KINDS[kind], index: spaces[kind].length - 1 };
      this.imports.push(found);
      if (kind === 0) this.functionImports.push(found);
    }
  }

  /** @returns {ArrayLike<unknown>[]} by the number of the kind */
  #spaces() {
    return [this.functionTypes, this.tables, this.memories, this.globals, this.tags];
  }

  /** @param {Reader} reader */
  #readTables(reader) {
    for (let left = reader.count("tables", LIMITS.TABLES, 3); left > 0; left--) {
      const initialised = reader.peek() === 0x40;
      if (initialised) {
        reader.u8();
        if (reader.u8() !== 0) throw reader.fail("unknown table form", reader.pos - 1);
      }
      this.tables.push(readTableType(reader));
      if (initialised) this.#refer(readConstant(reader).functions);
    }
  }

  /** @param {number[]} functions */
  #refer(functions) {
    for (const each of functions) this.referred.add(each);
  }

  /** @param {Reader} reader */
  #readGlobals(reader) {
    const read = reader.times(reader.count("globals", LIMITS.GLOBALS, 3), () => /** @type {const} */ ([readGlobalType(reader), readConstant(reader)]));
    for (const [type, initialiser] of read) {
      this.initialisers.set(this.globals.length, initialiser);
      this.globals.push(type);
      this.#refer(initialiser.functions);
    }
  }

  /** @param {Reader} reader */
  #readExports(reader) {
    const spaces = this.#spaces();
    for (let left = reader.count("exports", LIMITS.EXPORTS, 3); left > 0; left--) {
      const start = reader.pos;
      const name = reader.name();
      const code = reader.u8();
      if (code >= KINDS.length) throw reader.fail(`unknown export kind ${hex(code)}`, reader.pos - 1);
      if (this.exports.has(name)) throw reader.fail(`two exports are named ${JSON.stringify(name)}`, start);
      const kind = KINDS[code];
      this.exports.set(name, { name, kind, index: reader.index(kind, spaces[code].length) });
    }
  }

  /** @param {Reader} reader */
  #readElements(reader) {
    let room = LIMITS.SEGMENT_ENTRIES;
    for (let left = reader.count("element segments", LIMITS.ELEMENT_SEGMENTS, 3); left > 0; left--) room -= this.#readElement(reader, room);
  }

  /** One of the eight forms; flags: 1 not active, 2 table given (or declarative), 4 expressions. @param {Reader} reader @param {number} room */
  #readElement(reader, room) {
    const start = reader.pos;
    const flags = reader.u32();
    if (flags > 7) throw reader.fail(`unknown element segment form ${flags}`, start);
    if (!(flags & 1)) {
      if (flags & 2) reader.index("table", this.tables.length);
      readConstant(reader);
    }
    if (flags & 3) {
      if (flags & 4) readReferenceType(reader);
      else if (reader.u8() !== 0) throw reader.fail("unknown element kind", reader.pos - 1);
    }
    const count = reader.count("elements", room);
    for (let left = count; left > 0; left--) {
      if (!(flags & 4)) this.referred.add(reader.index("func", this.functionCount));
      else {
        const { functions } = readConstant(reader);
        if (functions.length === 1) this.#refer(functions);
      }
    }
    return count;
  }

  /** @param {Reader} reader */
  #readBodies(reader) {
    for (let left = reader.count("function bodies", LIMITS.FUNCTIONS, 3); left > 0; left--) {
      const size = reader.count("bytes of body", LIMITS.BODY_BYTES);
      const start = reader.pos;
      reader.skip(size);
      if (size < 2 || this.bytes[reader.pos - 1] !== OP.END) throw reader.fail("a body has to end in end", start);
      this.starts.push(start);
      this.ends.push(reader.pos);
    }
  }

  /** @param {Reader} reader */
  #readData(reader) {
    const count = reader.count("data segments", LIMITS.DATA_SEGMENTS);
    if (this.#dataCount !== null && this.#dataCount !== count) throw reader.fail(`${count} data segments: ${this.#dataCount} were announced`);
    reader.skip(reader.left);
  }
}
