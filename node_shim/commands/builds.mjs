// Where builds come from: a folder that stackswitch serves. A module that has no build yet is put there, its hash is written to
// the pipe `requests`, and the program waits, as it would for a compiler. HASH.build holds the build's own hash; the file
// .wasm of that hash has its bytes, and .checked says that a program has validated it.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { threadId } from "node:worker_threads";

const POLL_MS = 20;
const MOST_MS = 1_800_000;
const sleeper = new Int32Array(new SharedArrayBuffer(4));
/** @type {WeakMap<object, string>} of whole buffers that are ours, so that nobody has to hash them again */
const hashes = new WeakMap();
Object.defineProperty(globalThis, Symbol.for("stackswitch.hashes"), { value: hashes });

/**
 * Write a file whole or not at all: others read it as soon as it is there.
 *
 * @param {string} path
 * @param {Uint8Array} content
 */
function put(path, content) {
  const part = `${path}.${process.pid}-${threadId}`;
  writeFileSync(part, content);
  renameSync(part, path);
}

/**
 * Whether nobody has made this file before.
 *
 * @param {string} path
 */
function isFirst(path) {
  try {
    writeFileSync(path, "", { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return false;
  }
}

/** @typedef {{bytes: Uint8Array, module: WebAssembly.Module | null}} Build `module`: set by the first who compiles it */

export class Builds {
  #folder;
  /** @type {Map<string, Build | null>} */
  #known = new Map();
  /** @type {{bytes: Uint8Array, build: Build | null} | null} the last module that came twice, to be compared rather than hashed */
  #again = null;

  /** @param {string} folder */
  constructor(folder) {
    this.#folder = folder;
  }

  /**
   * @param {Uint8Array} bytes
   * @returns {Build | null} the build of a module, the same each time; null: the module is to run as it is
   */
  of(bytes) {
    if (this.#again !== null && Buffer.compare(this.#again.bytes, bytes) === 0) return this.#again.build;
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const known = this.#known.get(sha256);
    const build = known === undefined ? this.#get(sha256, bytes) : known;
    if (known === undefined) this.#known.set(sha256, build);
    else this.#again = { bytes: bytes.slice(), build };
    return build;
  }

  /** @type {(sha256: string, bytes: Uint8Array) => Build | null} */
  #get(sha256, bytes) {
    const [build, none] = ["build", "none"].map((ending) => join(this.#folder, `${sha256}.${ending}`));
    if (!existsSync(build) && !existsSync(none)) {
      put(join(this.#folder, `${sha256}.wasm`), bytes);
      writeFileSync(join(this.#folder, "requests"), `${sha256}\n`, { flag: "a" }); // a pipe
      for (let waited = 0; !existsSync(build) && !existsSync(none); waited += POLL_MS) {
        if (waited > MOST_MS || !existsSync(this.#folder)) throw new Error("stackswitch is gone: nobody makes the build of a module");
        Atomics.wait(sleeper, 0, 0, POLL_MS);
      }
    }
    if (!existsSync(build)) return null;
    const hash = readFileSync(build, "utf8");
    const made = readFileSync(join(this.#folder, `${hash}.wasm`));
    // The others' engines look at functions only as they are called (backends/node/commands/startup_flags.py).
    if (isFirst(join(this.#folder, `${hash}.checked`)) && !WebAssembly.validate(made)) {
      throw new WebAssembly.CompileError("the build that stackswitch has made is not valid");
    }
    if (made.byteLength === made.buffer.byteLength) hashes.set(made.buffer, hash);
    return { bytes: made, module: null };
  }
}
