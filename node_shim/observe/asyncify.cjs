// Which of a module's exports is Asyncify's `asyncify_start_unwind` where it has another name.
//
// Emscripten gives exports short names from -O2 on. Then the function is known by how it begins:
// i32.const 1, global.set STATE, local.get 0, global.set DATA, global.get DATA (see stackswitch/wasm/asyncified.py).

"use strict";

class Cursor {
  constructor(bytes, at, end) {
    Object.assign(this, { bytes, at, end });
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

  skipName() {
    const length = this.u32();
    this.at += length;
  }

  skipLimits() {
    const flags = this.u32();
    this.u32();
    if (flags & 1) this.u32();
  }
}

function beginsUnwinding(bytes, start, end) {
  if (end - start > 64) return false;
  const code = new Cursor(bytes, start, end);
  const next = (opcode) => bytes[code.at++] === opcode;
  if (!(next(0) && next(0x41) && next(1) && next(0x24))) return false;
  const state = code.u32();
  if (!(next(0x20) && next(0) && next(0x24))) return false;
  const data = code.u32();
  return next(0x23) && code.u32() === data && state !== data;
}

/**
 * @returns {{name: string, index: number, names: string[]} | null} the export that begins so: what the module calls it, its
 *   function's index, and what all its exports are called
 */
function renamedStartUnwind(bytes) {
  const functions = new Map(); // exported functions: index -> name
  const names = [];
  let imported = 0;
  const cursor = new Cursor(bytes, 8, bytes.length);
  while (cursor.at < bytes.length) {
    const id = bytes[cursor.at++];
    const size = cursor.u32();
    const section = new Cursor(bytes, cursor.at, cursor.at + size);
    cursor.at += size;
    if (id === 2) imported = importedFunctions(section);
    if (id === 7) {
      for (let left = section.u32(); left > 0; left--) {
        const length = section.u32();
        const name = Buffer.from(bytes.buffer, bytes.byteOffset + section.at, length).toString();
        section.at += length;
        const kind = bytes[section.at++];
        const index = section.u32();
        names.push(name);
        if (kind === 0) functions.set(index, name);
      }
    }
    if (id === 10) {
      const count = section.u32();
      for (let index = imported; index < imported + count; index++) {
        const length = section.u32();
        const name = functions.get(index);
        if (name !== undefined && beginsUnwinding(bytes, section.at, section.at + length)) return { name, index, names };
        section.at += length; // a body: its size, then its bytes
      }
      return null;
    }
  }
  return null;
}

function importedFunctions(section) {
  let functions = 0;
  for (let left = section.u32(); left > 0; left--) {
    section.skipName();
    section.skipName();
    const kind = section.bytes[section.at++];
    if (kind === 0) functions++, section.u32();
    else if (kind === 1) section.at++, section.skipLimits();
    else if (kind === 2) section.skipLimits();
    else if (kind === 3) section.at += 2;
    else section.at++, section.u32();
  }
  return functions;
}

module.exports = { renamedStartUnwind };
