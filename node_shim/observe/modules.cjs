// Which modules there are: each is hashed when it is compiled, and its bytes are stored beside the parts under that
// hash, once however many processes compile it: names, and what is instrumented, are read from them afterwards.

"use strict";

const { existsSync, mkdirSync, openSync, writeSync, closeSync, renameSync, rmSync } = require("node:fs");
const { join } = require("node:path");
const { isAnyArrayBuffer, isTypedArray } = require("node:util").types;
const { threadId } = require("node:worker_threads");
const { isView } = ArrayBuffer;
const { apply } = Reflect;
const { getOwnPropertyDescriptor, getPrototypeOf } = Object;

/**
 * The engine's own getters: a program's view may have properties of these names.
 *
 * @param {object} prototype
 * @returns {Record<string, (view: object) => any>}
 */
const getters = (prototype) =>
  Object.fromEntries(
    ["buffer", "byteOffset", "byteLength"].map((name) => {
      const get = /** @type {() => any} */ (getOwnPropertyDescriptor(prototype, name)?.get);
      return [name, (view) => apply(get, view, [])];
    }),
  );
const typedArray = getters(getPrototypeOf(Uint8Array.prototype));
const dataView = getters(DataView.prototype);

/**
 * A module's hash; builds of ours come with theirs (commands/builds.mjs).
 *
 * @param {Uint8Array} bytes
 * @returns {string}
 */
function hashOf(bytes) {
  const known = Reflect.get(globalThis, Symbol.for("stackswitch.hashes"))?.get(bytes.buffer);
  if (known !== undefined && bytes.byteLength === bytes.buffer.byteLength) return known;
  const { createHash } = require("node:crypto");
  return createHash("sha256").update(bytes).digest("hex");
}

/** @typedef {{kind: string, sha256: string, size: number, how: string, kept: boolean}} ModuleLine */

class ModuleRecorder {
  #part;
  #folder = "";
  #left = 0;
  /** @type {Map<string, ModuleLine>} */
  #known = new Map();

  /** @param {import("./part.cjs").TracePart} part */
  constructor(part) {
    this.#part = part;
  }

  /**
   * A part begins: store modules in this folder from now on; those that are there already may be used again.
   *
   * @param {string} folder
   * @param {number} mostBytes
   */
  begin(folder, mostBytes) {
    this.#folder = join(folder, "modules");
    this.#left = mostBytes;
    for (const line of this.#known.values()) this.#part.write({ ...line, kept: existsSync(this.#file(line.sha256)) });
  }

  /**
   * A module's bytes, as any API takes them; null: none (the engine will say so to the program).
   *
   * @param {any} source
   */
  static bytesOf(source) {
    if (isView(source)) {
      const of = isTypedArray(source) ? typedArray : dataView;
      return new Uint8Array(of.buffer(source), of.byteOffset(source), of.byteLength(source));
    }
    return isAnyArrayBuffer(source) ? new Uint8Array(source) : null;
  }

  /**
   * Note bytes that are being compiled.
   *
   * @param {Uint8Array} bytes
   * @param {string} how
   * @returns {string} their hash
   */
  compiled(bytes, how) {
    const sha256 = `sha256:${hashOf(bytes)}`;
    if (!this.#known.has(sha256)) {
      const line = { kind: "module", sha256, size: bytes.length, how, kept: this.#store(sha256, bytes) };
      this.#known.set(sha256, line);
      this.#part.write(line);
    }
    return sha256;
  }

  /** @param {string} sha256 */
  #file(sha256) {
    return join(this.#folder, `${sha256.slice("sha256:".length)}.wasm`);
  }

  /** @type {(sha256: string, bytes: Uint8Array) => boolean} */
  #store(sha256, bytes) {
    const file = this.#file(sha256);
    if (existsSync(file)) return true;
    if (bytes.length > this.#left) {
      this.#part.error(`a module of ${bytes.length} bytes was not stored: the limit is reached; its frames have no names`);
      return false;
    }
    const part = `${file}.${process.pid}-${threadId}`;
    try {
      mkdirSync(this.#folder, { recursive: true });
      const fd = openSync(part, "w");
      try {
        for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
      } finally {
        closeSync(fd);
      }
      renameSync(part, file);
    } catch (error) {
      rmSync(part, { force: true });
      this.#part.error(`a module could not be stored: ${error}`);
      return false;
    }
    this.#left -= bytes.length;
    return true;
  }
}

module.exports = { ModuleRecorder };
