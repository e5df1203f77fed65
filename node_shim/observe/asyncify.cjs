// Which of a module's exports is Asyncify's `asyncify_start_unwind` where it has another name.
//
// Emscripten gives exports short names from -O2 on. Then the function is known by how it begins:
// i32.const 1, global.set STATE, local.get 0, global.set DATA, global.get DATA (see stackswitch/wasm/asyncified.py).
//
// A reader of its own (not wasm/read.mjs): what is preloaded is CommonJS, and reads no more of a module than this needs.

"use strict";

const SECTION = { IMPORT: 2, EXPORT: 7, CODE: 10 };
const FUNCTION = 0;
const MOST_BYTES = 64; // of the function

/** @typedef {{name: string, index: number, names: string[]}} RenamedExport */

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
    /** @type {Map<number, string>} functions by index */
    const functions = new Map();
    for (let left = this.u32(); left > 0; left--) {
      const name = this.name().toString();
      const kind = this.bytes[this.at++];
      const index = this.u32();
      names.push(name);
      if (kind === FUNCTION) functions.set(index, name);
    }
    return { names, functions };
  }

  beginsUnwinding() {
    if (this.end - this.at > MOST_BYTES) return false;
    const next = (/** @type {number[]} */ ...bytes) => bytes.every((byte) => this.bytes[this.at++] === byte);
    if (!next(0, 0x41, 1, 0x24)) return false;
    const state = this.u32();
    if (!next(0x20, 0, 0x24)) return false;
    const data = this.u32();
    return next(0x23) && this.u32() === data && state !== data;
  }
}

/**
 * @param {Uint8Array} bytes
 * @returns {RenamedExport | null} the export that begins so: what the module calls it, its function's index, and what all its
 *   exports are called
 */
function renamedStartUnwind(bytes) {
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
    else if (id === SECTION.CODE) return startUnwindIn(section, imported, exported);
  }
  return null;
}

/**
 * @param {Cursor} code
 * @param {number} imported
 * @param {ReturnType<Cursor["exports"]>} exported
 * @returns {RenamedExport | null}
 */
function startUnwindIn(code, imported, { names, functions }) {
  const count = code.u32();
  for (let index = imported; index < imported + count; index++) {
    const length = code.u32();
    const name = functions.get(index);
    if (name !== undefined && new Cursor(code.bytes, code.at, code.at + length).beginsUnwinding()) return { name, index, names };
    code.at += length; // a body: its size, then its bytes
  }
  return null;
}

module.exports = { renamedStartUnwind };
