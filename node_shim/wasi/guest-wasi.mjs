// WASI of a guest: ours for what a case's program has too; for folders, Node's own (uvwasi), which keeps a guest inside them.

import { Wasi } from "./preview1.mjs";

const STREAMS = 3;

/**
 * @typedef {object} GuestWasiOptions
 * @property {string[]} args
 * @property {Record<string, string>} env
 * @property {string} stdin base64
 * @property {Record<string, string>} dirs folders of the host by the guest's names
 * @property {number} [maxOutputBytes]
 */

export class GuestWasi extends Wasi {
  #dirs;
  /** @type {import("node:wasi").WASI | null} */
  #folders = null;
  /** @type {object | null} the instance that uses the folders */
  #bound = null;

  /** @param {GuestWasiOptions} options */
  constructor({ args, env, stdin, dirs, maxOutputBytes }) {
    super({ args, env, stdin: Buffer.from(stdin, "base64"), maxOutputBytes });
    this.#dirs = dirs;
  }

  /** To be awaited before instances are made. */
  async open() {
    if (Object.keys(this.#dirs).length === 0) return;
    const { WASI } = await import("node:wasi");
    this.#folders = new WASI({ version: "preview1", preopens: this.#dirs, returnOnExit: true });
  }

  /**
   * @param {string} name
   * @param {import("./preview1.mjs").WithMemory} instance
   * @returns {(...args: any[]) => number}
   */
  functionFor(name, instance) {
    const own = super.functionFor(name, instance);
    const folders = this.#folders;
    if (folders === null || !/^(fd|path)_/.test(name)) return own;
    const theirs = /** @type {Record<string, any>} */ (folders.wasiImport)[name];
    return (...args) => {
      if (name.startsWith("fd_") && args[0] < STREAMS && name !== "fd_renumber") return own(...args);
      if (this.#bound !== instance) this.#bind(folders, instance);
      return theirs(...args);
    };
  }

  /**
   * Node's wants an instance to be started by it; all that it needs of one is the memory.
   *
   * @param {import("node:wasi").WASI} folders
   * @param {import("./preview1.mjs").WithMemory} instance
   */
  #bind(folders, instance) {
    folders.initialize({ exports: { memory: instance.memory } });
    this.#bound = instance;
  }
}
