// Reads modules byte by byte: what JavaScript cannot ask a module for.
//
// Layouts: "Binary Format" of the WebAssembly specification.

/** @typedef {{params: string[], results: string[]}} FunctionType */
/** @typedef {{module: string, name: string, kind: number, type: number | null, flags: number}} ImportEntry */

export const SECTION = { TYPE: 1, IMPORT: 2, FUNCTION: 3, MEMORY: 5, EXPORT: 7, CODE: 10 };
export const KIND = { FUNCTION: 0, TABLE: 1, MEMORY: 2, GLOBAL: 3, TAG: 4 };

const REF = [0x63, 0x64]; // (ref null heap), (ref heap)
const HEAP_TYPES_FROM = 0x40; // below, a byte is no shorthand of a reference type
/** @type {Record<number, string>} */
const NUMBERS = { 0x7f: "i32", 0x7e: "i64", 0x7d: "f32", 0x7c: "f64", 0x7b: "v128" };
const FUNCTION_HEAPS = [0x70, 0x73]; // func, nofunc
const FORM = { REC: 0x4e, SUB: 0x50, SUB_FINAL: 0x4f, SHARED: 0x65, DESCRIBES: 0x4c, DESCRIPTOR: 0x4d, ARRAY: 0x5e, STRUCT: 0x5f, FUNCTION: 0x60 };
const PACKED = [0x78, 0x77]; // i8, i16

const decoder = new TextDecoder();

export class Reader {
  /**
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} end
   */
  constructor(bytes, at, end) {
    this.bytes = bytes;
    this.start = at;
    this.at = at;
    this.end = end;
  }

  byte() {
    if (this.at >= this.end) throw new RangeError("the module ends too early");
    return this.bytes[this.at++];
  }

  /** A LEB128 number; signed ones come out wrong, and are only stepped over. */
  number() {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  text() {
    const size = this.number();
    const text = decoder.decode(this.bytes.subarray(this.at, this.at + size));
    this.at += size;
    return text;
  }

  /**
   * The entries of a vector, read as they are asked for.
   *
   * @template T
   * @param {() => T} read
   */
  *vector(read) {
    for (let left = this.number(); left > 0; left--) yield read();
  }

  /** Sections or subsections up to the end: the number of each, and a reader of what is inside. */
  *sections() {
    while (this.at < this.end) {
      const id = this.byte();
      const size = this.number();
      const inside = new Reader(this.bytes, this.at, this.at + size);
      this.at += size;
      yield { id, inside };
    }
  }

  valueType() {
    const byte = this.byte();
    if (NUMBERS[byte] !== undefined) return NUMBERS[byte];
    if (!REF.includes(byte)) return FUNCTION_HEAPS.includes(byte) ? "funcref" : "ref";
    const heap = this.bytes[this.at];
    this.number();
    return FUNCTION_HEAPS.includes(heap) || heap < HEAP_TYPES_FROM ? "funcref" : "ref";
  }

  valueTypes() {
    return [...this.vector(() => this.valueType())];
  }

  limits() {
    const flags = this.number();
    this.number();
    if (flags & 1) this.number();
    if (flags & 8) this.number(); // custom page size
    return flags;
  }

  /** A field of a structure, or what an array holds. */
  field() {
    if (PACKED.includes(this.bytes[this.at])) this.byte();
    else this.valueType();
    this.byte();
  }

  /**
   * An entry of the type section: one type, or a group of them.
   *
   * @param {(FunctionType | null)[]} types gets the types; null: no function's
   * @returns {void}
   */
  type(types) {
    let form = this.byte();
    if (form === FORM.REC) return void this.types(types);
    if (form === FORM.SUB || form === FORM.SUB_FINAL) {
      for (let left = this.number(); left > 0; left--) this.number();
      form = this.byte();
    }
    while (form === FORM.SHARED || form === FORM.DESCRIBES || form === FORM.DESCRIPTOR) {
      if (form !== FORM.SHARED) this.number();
      form = this.byte();
    }
    if (form === FORM.FUNCTION) types.push({ params: this.valueTypes(), results: this.valueTypes() });
    else if (form === FORM.ARRAY) this.field(), types.push(null);
    else if (form === FORM.STRUCT) {
      for (let left = this.number(); left > 0; left--) this.field();
      types.push(null);
    } else throw new RangeError(`unknown form of a type: ${form}`);
  }

  /** The type section: a type for each number, null for one that is no function's. */
  types(/** @type {(FunctionType | null)[]} */ types = []) {
    for (let left = this.number(); left > 0; left--) this.type(types);
    return types;
  }

  /**
   * An entry of the import section.
   *
   * @returns {ImportEntry} `type`: the number of a function's type; `flags`: of a memory's limits
   */
  import() {
    /** @type {ImportEntry} */
    const found = { module: this.text(), name: this.text(), kind: this.byte(), type: null, flags: 0 };
    if (found.kind === KIND.FUNCTION) found.type = this.number();
    else if (found.kind === KIND.MEMORY) found.flags = this.limits();
    else if (found.kind === KIND.TABLE) this.valueType(), this.limits();
    else if (found.kind === KIND.GLOBAL) this.valueType(), this.byte();
    else if (found.kind === KIND.TAG) this.byte(), this.number();
    else throw new RangeError(`unknown kind of an import: ${found.kind}`);
    return found;
  }
}

/**
 * The sections of a module.
 *
 * @param {Uint8Array} bytes
 */
export const sectionsOf = (bytes) => new Reader(bytes, 8, bytes.length).sections();
