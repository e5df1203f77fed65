// WASI of a guest: ours for what a case's program has too; for folders, Node's own (uvwasi), which keeps a guest inside them.

import { Wasi } from "./preview1.mjs";

const STREAMS = 3;

export class GuestWasi extends Wasi {
  #dirs;
  #folders = null;

  constructor({ args, env, stdin, dirs, maxOutputBytes }) {
    super({ args, env, stdin: Uint8Array.from(Buffer.from(stdin, "base64")), maxOutputBytes });
    this.#dirs = dirs;
  }

  /** To be awaited before instances are made. */
  async open() {
    if (Object.keys(this.#dirs).length === 0) return;
    const { WASI } = await import("node:wasi");
    this.#folders = new WASI({ version: "preview1", preopens: this.#dirs, returnOnExit: true });
  }

  functionFor(name, instance) {
    const own = super.functionFor(name, instance);
    if (this.#folders === null || !/^(fd|path)_/.test(name)) return own;
    const theirs = this.#folders.wasiImport[name];
    let bound = false;
    return (...args) => {
      if (name.startsWith("fd_") && args[0] < STREAMS && name !== "fd_renumber") return own(...args);
      if (!bound) this.#bind(instance);
      bound = true;
      return theirs(...args);
    };
  }

  /** Node's wants an instance to be started by it; all that it needs of one is the memory. */
  #bind(instance) {
    if (this.#folders.bound === instance) return;
    this.#folders.initialize({ exports: { memory: instance.memory } });
    this.#folders.bound = instance;
  }

  /** What the guest has written since this was last asked, in base64. */
  taken() {
    return this.takeOutput().map((output) => Buffer.from(output));
  }
}
