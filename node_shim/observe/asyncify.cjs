// Where an Asyncify build begins to unwind: its `asyncify_start_unwind` is replaced, for the program, by a wasm
// function that first tells the observer. It is a real exported function, so tables and imports take it as well.

"use strict";

const { Module, Instance } = WebAssembly;
const { exports: exportsOf } = Module;
const START_UNWIND = "asyncify_start_unwind";
const GET_STATE = "asyncify_get_state";

/**
 * (module (import "o" "n" (func $note)) (import "o" "u" (func $unwind (param T)))
 *   (func (export "f") (param T) (call $note) (call $unwind (local.get 0))))
 */
const adapterBytes = (type) =>
  Uint8Array.of(
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    1, 8, 2, 0x60, 0, 0, 0x60, 1, type, 0,
    2, 13, 2, 1, 0x6f, 1, 0x6e, 0, 0, 1, 0x6f, 1, 0x75, 0, 1,
    3, 2, 1, 1,
    7, 5, 1, 1, 0x66, 0, 2,
    10, 10, 1, 8, 0, 0x10, 0, 0x20, 0, 0x10, 1, 0x0b,
  );
const TYPES = [0x7f, 0x7e]; // i32, i64
const adapters = new Map();

/** @returns {Function} an exported wasm function that calls `note`, then `unwind` with its argument */
function adapted(note, unwind) {
  let refusal;
  for (const type of TYPES) {
    try {
      if (!adapters.has(type)) adapters.set(type, new Module(adapterBytes(type)));
      return new Instance(adapters.get(type), { o: { n: note, u: unwind } }).exports.f;
    } catch (error) {
      refusal = error; // of another type
    }
  }
  throw refusal;
}

/** The instance's exports again, one of them another. */
function replaced(exports, name, value) {
  const copy = Object.create(null);
  for (const key of Object.keys(exports)) copy[key] = key === name ? value : exports[key];
  return Object.freeze(copy);
}

/** @returns {{name: string, getState: string | null} | null} by the module's exports; null: no Asyncify build */
function controlExports(module, bytes) {
  const controls = new Set();
  for (const { name, kind } of exportsOf(module)) {
    if ((name === START_UNWIND || name === GET_STATE) && kind === "function") controls.add(name);
  }
  const name = controls.has(START_UNWIND) ? START_UNWIND : bytes === null ? null : renamedStartUnwind(bytes);
  return name === null ? null : { name, getState: controls.has(GET_STATE) ? GET_STATE : null };
}

// Emscripten gives exports short names from -O2 on. Then the function is known by how it begins:
// i32.const 1, global.set STATE, local.get 0, global.set DATA, global.get DATA (see stackswitch/wasm/asyncified.py).

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

/** The name under which a module exports the function that begins so, or null. */
function renamedStartUnwind(bytes) {
  const functions = new Map(); // exported functions: index -> name
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
        if (kind === 0) functions.set(index, name);
      }
    }
    if (id === 10) {
      const count = section.u32();
      for (let index = imported; index < imported + count; index++) {
        const length = section.u32();
        const name = functions.get(index);
        if (name !== undefined && beginsUnwinding(bytes, section.at, section.at + length)) return name;
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

module.exports = { adapted, replaced, controlExports, renamedStartUnwind };
