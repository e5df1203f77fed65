// The functions that a module exports, with their code: what is preloaded has to know some of them whatever their names.
//
// A reader of its own (not wasm/read.mjs): what is preloaded is CommonJS, and reads no more of a module than this needs.

"use strict";

const SECTION = { IMPORT: 2, EXPORT: 7, CODE: 10 };
const FUNCTION = 0;

/** @typedef {{index: number, called: string[], body: () => Cursor}} ExportedFunction its names, and a reader of its body */

class Cursor {
  /**
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} end
   */
  constructor(bytes, at, end) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  u32() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.at++];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
      if (shift > 28 || this.at > this.end) throw new RangeError("malformed module");
    }
  }

  name() {
    const length = this.u32();
    const name = Buffer.from(this.bytes.buffer, this.bytes.byteOffset + this.at, length);
    this.at += length;
    return name;
  }

  get left() {
    return this.end - this.at;
  }

  /**
   * Step over bytes if they are these.
   *
   * @param {number[]} bytes
   */
  next(...bytes) {
    return bytes.every((byte) => this.bytes[this.at++] === byte);
  }

  byte() {
    return this.bytes[this.at++];
  }

  skipLimits() {
    const flags = this.u32();
    this.u32();
    if (flags & 1) this.u32();
  }

  /** Step over the import section. @returns how many functions are imported */
  importedFunctions() {
    let functions = 0;
    for (let left = this.u32(); left > 0; left--) {
      this.name();
      this.name();
      const kind = this.bytes[this.at++];
      if (kind === FUNCTION) functions++, this.u32();
      else if (kind === 1) this.at++, this.skipLimits();
      else if (kind === 2) this.skipLimits();
      else if (kind === 3) this.at += 2;
      else this.at++, this.u32();
    }
    return functions;
  }

  /** Read the export section. */
  exports() {
    /** @type {string[]} */
    const names = [];
    /** @type {Map<number, string[]>} names of functions by index */
    const functions = new Map();
    for (let left = this.u32(); left > 0; left--) {
      const name = this.name().toString();
      const kind = this.bytes[this.at++];
      const index = this.u32();
      names.push(name);
      if (kind === FUNCTION) functions.set(index, [...(functions.get(index) ?? []), name]);
    }
    return { names, functions };
  }
}

/**
 * @param {Uint8Array} bytes
 * @returns {{names: string[], functions: ExportedFunction[]}} what a module's exports are called, and those that it defines itself
 */
function exportsOf(bytes) {
  let imported = 0;
  /** @type {ReturnType<Cursor["exports"]>} */
  let exported = { names: [], functions: new Map() };
  const cursor = new Cursor(bytes, 8, bytes.length);
  while (cursor.at < bytes.length) {
    const id = bytes[cursor.at++];
    const size = cursor.u32();
    const section = new Cursor(bytes, cursor.at, cursor.at + size);
    cursor.at += size;
    if (id === SECTION.IMPORT) imported = section.importedFunctions();
    else if (id === SECTION.EXPORT) exported = section.exports();
    else if (id === SECTION.CODE) return { names: exported.names, functions: [...bodies(section, imported, exported.functions)] };
  }
  return { names: exported.names, functions: [] };
}

/**
 * @param {Cursor} code
 * @param {number} imported
 * @param {Map<number, string[]>} names
 * @returns {Iterable<ExportedFunction>}
 */
function* bodies(code, imported, names) {
  const count = code.u32();
  for (let index = imported; index < imported + count; index++) {
    const length = code.u32();
    const called = names.get(index);
    const from = code.at;
    code.at += length; // a body: its size, then its bytes
    if (called !== undefined) yield { index, called, body: () => new Cursor(code.bytes, from, from + length) };
  }
}

module.exports = { exportsOf };
