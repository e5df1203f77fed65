// Where builds come from: a folder that stackswitch serves. A module that it has no build of yet is put there and asked for,
// and the program waits, as it would for a compiler. HASH.build holds the build's own hash, that HASH.wasm its bytes, and HASH.checked says that a program has seen to its validity.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { threadId } from "node:worker_threads";

const POLL_MS = 20;
const MOST_MS = 1_800_000;
const sleeper = new Int32Array(new SharedArrayBuffer(4));
const hashes = new WeakMap(); // of whole buffers that are ours, so that nobody has to hash them again
Object.defineProperty(globalThis, Symbol.for("stackswitch.hashes"), { value: hashes });

/** Whole or not at all: others read it as soon as it is there. */
function put(path, content) {
  const part = `${path}.${process.pid}-${threadId}`;
  writeFileSync(part, content);
  renameSync(part, path);
}

/** Whether nobody has made this file before. */
function isFirst(path) {
  try {
    writeFileSync(path, "", { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return false;
  }
}

export class Builds {
  #folder;
  #known = new Map();
  #again = null; // the last module that came twice, to be compared rather than hashed: a copy of its bytes, and its build

  constructor(folder) {
    this.#folder = folder;
  }

  /** @returns {{bytes: Uint8Array, module: WebAssembly.Module | null} | null} the build of a module, the same each time, for who
   *   compiles it to put it there; null: the module is to run as it is */
  of(bytes) {
    if (this.#again !== null && Buffer.compare(this.#again.bytes, bytes) === 0) return this.#again.build;
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const known = this.#known.has(sha256);
    if (!known) this.#known.set(sha256, this.#get(sha256, bytes));
    const build = this.#known.get(sha256);
    if (known) this.#again = { bytes: bytes.slice(), build };
    return build;
  }

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
    if (isFirst(join(this.#folder, `${hash}.checked`)) && !WebAssembly.validate(made)) throw new WebAssembly.CompileError("the build that stackswitch has made is not valid");
    if (made.byteLength === made.buffer.byteLength) hashes.set(made.buffer, hash);
    return { bytes: made, module: null };
  }
}
