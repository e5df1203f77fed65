// Which of a module's exports are Asyncify's control functions where they have other names.
//
// Emscripten gives exports short names from -O2 on. Then a function is known by how it begins (see stackswitch/wasm/asyncified.py):
// asyncify_start_unwind and asyncify_start_rewind by i32.const 1 or 2, global.set STATE, local.get 0, global.set DATA,
// global.get DATA; asyncify_stop_unwind and asyncify_stop_rewind, which are alike, by i32.const 0, global.set STATE,
// global.get DATA.
//
// A reader of its own (not wasm/read.mjs): what is preloaded is CommonJS, and reads no more of a module than this needs.

"use strict";

const SECTION = { IMPORT: 2, EXPORT: 7, CODE: 10 };
const FUNCTION = 0;
const MOST_BYTES = 64; // of such a function
/** @type {Role[]} by the state that the function sets */
const ROLES = ["stop", "startUnwind", "startRewind"];

/** @typedef {"startUnwind" | "startRewind" | "stop"} Role which control function it is; `stop`: of an unwinding or a rewinding */
/** @typedef {{roles: Map<string, Role>, index: number, names: string[]}} Renamed the control functions by the names of their exports,
 *   the index of asyncify_start_unwind, and what all exports are called */

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

  /** @returns {{role: Role, globals: string} | null} what a body begins as, and the globals that it uses */
  controlFunction() {
    if (this.end - this.at > MOST_BYTES) return null;
    const next = (/** @type {number[]} */ ...bytes) => bytes.every((byte) => this.bytes[this.at++] === byte);
    if (!next(0, 0x41)) return null;
    const set = this.bytes[this.at++];
    if (!next(0x24)) return null;
    const state = this.u32();
    let data = null;
    if (set === 1 || set === 2) {
      if (!next(0x20, 0, 0x24)) return null;
      data = this.u32();
    } else if (set !== 0) return null;
    if (!next(0x23)) return null;
    const read = this.u32();
    if ((data !== null && read !== data) || state === read) return null;
    return { role: ROLES[set], globals: `${state} ${read}` };
  }
}

/**
 * @param {Uint8Array} bytes
 * @returns {Renamed | null} the exports that begin so, whatever their names; null: there is no asyncify_start_unwind
 */
function controlExports(bytes) {
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
    else if (id === SECTION.CODE) return controlFunctionsIn(section, imported, exported);
  }
  return null;
}

/**
 * @param {Cursor} code
 * @param {number} imported
 * @param {ReturnType<Cursor["exports"]>} exported
 * @returns {Renamed | null}
 */
function controlFunctionsIn(code, imported, { names, functions }) {
  const count = code.u32();
  const found = [];
  for (let index = imported; index < imported + count; index++) {
    const length = code.u32();
    const called = functions.get(index);
    const control = called && new Cursor(code.bytes, code.at, code.at + length).controlFunction();
    if (control) found.push({ ...control, called, index });
    code.at += length; // a body: its size, then its bytes
  }
  const start = found.find(({ role }) => role === "startUnwind");
  if (start === undefined) return null;
  const same = found.filter(({ globals }) => globals === start.globals);
  return { roles: new Map(same.flatMap(({ called, role }) => called.map((name) => [name, role]))), index: start.index, names };
}

module.exports = { controlExports };
