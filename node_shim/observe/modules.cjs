// Which modules there are: each is hashed when it is compiled, and its bytes are kept beside the parts under that
// hash, once however many processes compile it: names, and what is instrumented, are read from them afterwards.

"use strict";

const { existsSync, mkdirSync, openSync, writeSync, closeSync, renameSync, rmSync } = require("node:fs");
const { join } = require("node:path");
const { isAnyArrayBuffer } = require("node:util").types;
const { threadId } = require("node:worker_threads");

/** A module's hash; builds of ours come with theirs (instrumented/builds.mjs). */
function hashOf(bytes) {
  const told = globalThis[Symbol.for("stackswitch.hashes")]?.get(bytes.buffer);
  if (told !== undefined && bytes.byteLength === bytes.buffer.byteLength) return told;
  const { createHash } = require("node:crypto");
  return createHash("sha256").update(bytes).digest("hex");
}

class Modules {
  #part;
  #folder;
  #left;
  #known = new Map();
  #facts = new WeakMap();

  /** Keep modules in this folder from now on; those that there are already may be used again. */
  begin(part, folder, mostBytes) {
    this.#part = part;
    this.#folder = join(folder, "modules");
    this.#left = mostBytes;
    for (const line of this.#known.values()) part.write({ ...line, kept: existsSync(this.#file(line.sha256)) });
  }

  /** A module's bytes, as any API takes them; null: none (the engine will say so to the program). */
  static bytesOf(source) {
    if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
    return isAnyArrayBuffer(source) ? new Uint8Array(source) : null;
  }

  /** Note bytes that are being compiled. @returns {string} their hash */
  compiled(bytes, how) {
    const sha256 = `sha256:${hashOf(bytes)}`;
    if (!this.#known.has(sha256)) {
      const line = { kind: "module", sha256, size: bytes.length, how, kept: this.#keep(sha256, bytes) };
      this.#known.set(sha256, line);
      this.#part.write(line);
    }
    return sha256;
  }

  #file(sha256) {
    return join(this.#folder, `${sha256.slice("sha256:".length)}.wasm`);
  }

  #keep(sha256, bytes) {
    const file = this.#file(sha256);
    if (existsSync(file)) return true;
    if (bytes.length > this.#left) {
      this.#part.error(`a module of ${bytes.length} bytes was not kept: the limit is reached; its frames have no names`);
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
      this.#part.error(`a module could not be kept: ${error}`);
      return false;
    }
    this.#left -= bytes.length;
    return true;
  }

  /** What is known of a compiled module: its bytes are not held. */
  remember(module, facts) {
    this.#facts.set(module, facts);
  }

  factsOf(module) {
    return this.#facts.get(module);
  }
}

module.exports = { Modules };
