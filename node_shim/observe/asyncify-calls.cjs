// The calls of one Asyncify instance that wait: how many bytes each wait saves, whether calls overlap, whether the host keeps to
// Asyncify's protocol: unwind, stop, rewind, stop, with the end of what was saved as the unwinding has left it.
// Source: the opening comment of Binaryen's src/passes/Asyncify.cpp.

"use strict";

const MOST_TOLD = 1_000; // lines of an instance
const { apply } = Reflect;
const bufferOf = /** @type {() => ArrayBuffer} */ (Object.getOwnPropertyDescriptor(WebAssembly.Memory.prototype, "buffer")?.get);

/** @typedef {import("./stacks.cjs").Entry} Entry */
/**
 * @typedef {object} Saved a stack that is saved in memory
 * @property {Entry | null} entry the stack; null: it was not taken
 * @property {number | bigint} address of the data block
 * @property {number} from where the saved stack begins
 * @property {number} to where it ends, and once it is saved
 * @property {number} end of the room for it
 * @property {number | null} hash of its bytes, once another call comes
 */

/** @typedef {"normal" | "unwinding" | "rewinding"} State */

class AsyncifyCalls {
  #part;
  #stacks;
  #memory;
  #slot;
  /** @type {State} */
  #state = "normal";
  /** @type {Saved | null} what is being saved or restored */
  #current = null;
  /** @type {Saved[]} calls that wait, oldest first */
  #waiting = [];
  /** @type {Set<string>} what was written already */
  #told = new Set();

  /**
   * @param {import("./part.cjs").TracePart} part
   * @param {import("./stacks.cjs").StackRecorder} stacks
   * @param {WebAssembly.Memory | null} memory the instance's, if it is exported
   */
  constructor(part, stacks, memory) {
    this.#part = part;
    this.#stacks = stacks;
    this.#memory = memory;
    this.#slot = stacks.slot("asyncify", { through: true, skip: 1 });
  }

  /** A part begins: what was written was written in another one. */
  forget() {
    this.#told.clear();
    this.#waiting = [];
    this.#current = null;
  }

  /**
   * `asyncify_start_unwind` is called.
   *
   * @param {number | bigint} address of the data block
   * @param {Function} below the innermost function of ours
   */
  startUnwind(address, below) {
    const entry = this.#stacks.note(this.#slot, below);
    this.#part.guard(() => {
      this.#expect("normal", "asyncify_start_unwind", entry);
      this.#state = "unwinding";
      const block = this.#block(address);
      this.#current = block && { entry, address, from: block.at, to: block.at, end: block.end, hash: null };
      for (const each of this.#waiting) each.hash ??= this.#hash(each.from, each.to);
    });
  }

  /** `asyncify_stop_unwind` or `asyncify_stop_rewind` is called. */
  stop() {
    this.#part.guard(() => {
      const current = this.#current;
      const state = this.#state;
      this.#current = null;
      this.#state = "normal";
      if (state === "normal") this.#protocol("asyncify_stop_unwind or asyncify_stop_rewind", "nothing is being unwound or rewound", null);
      else if (state === "unwinding" && current !== null) this.#saved(current);
    });
  }

  /**
   * `asyncify_start_rewind` is called.
   *
   * @param {number | bigint} address of the data block
   */
  startRewind(address) {
    this.#part.guard(() => {
      this.#expect("normal", "asyncify_start_rewind", null);
      this.#state = "rewinding";
      const block = this.#block(address);
      if (block === null) return;
      const at = this.#waiting.findLastIndex((each) => each.address === address && this.#isThere(each));
      const found = at < 0 ? this.#waiting.findLastIndex((each) => each.address === address) : at;
      if (found < 0) {
        this.#protocol("asyncify_start_rewind", "no stack was saved there", null);
        return;
      }
      const [saved] = this.#waiting.splice(found, 1);
      this.#current = saved;
      if (at < 0) this.#tell({ kind: "overwritten", stack: saved.entry?.id ?? null });
      else if (block.at !== saved.to) this.#protocol("asyncify_start_rewind", "the data block does not end where the saved stack ends", saved.entry);
    });
  }

  /** @param {Saved} saved */
  #saved(saved) {
    const block = this.#block(saved.address);
    if (block === null) return;
    saved.to = block.at;
    const bytes = saved.to - saved.from;
    const room = saved.end - saved.from;
    if (saved.entry !== null && bytes > (saved.entry.saved?.bytes ?? -1)) saved.entry.saved = { bytes, room };
    if (bytes > room) {
      // The engine traps in a moment, in the original, and the program may end of it.
      if (saved.entry !== null) this.#tell({ kind: "saved", stack: saved.entry.id, bytes, room });
      return;
    }
    for (const each of this.#waiting) {
      if (each.entry !== null && saved.entry !== null) this.#tell({ kind: "overlap", first: each.entry.id, second: saved.entry.id });
    }
    this.#waiting.push(saved);
  }

  /** @type {(state: State, step: string, entry: Entry | null) => void} */
  #expect(state, step, entry) {
    if (this.#state !== state) this.#protocol(step, `the instance is ${this.#state}`, entry);
  }

  /** @type {(step: string, problem: string, entry: Entry | null) => void} */
  #protocol(step, problem, entry) {
    this.#tell({ kind: "protocol", step, problem, stack: entry?.id ?? null });
  }

  /** @param {object} line written once */
  #tell(line) {
    const text = JSON.stringify(line);
    if (this.#told.size >= MOST_TOLD || this.#told.has(text)) return;
    this.#told.add(text);
    this.#part.write(line);
  }

  /**
   * The two numbers of a data block: where saving goes on, and the end of the room. Null: they cannot be read.
   *
   * @param {number | bigint} address
   */
  #block(address) {
    if (this.#memory === null) return null;
    const view = new DataView(apply(bufferOf, this.#memory, []));
    const at = typeof address === "bigint" ? Number(address) : address >>> 0;
    const size = typeof address === "bigint" ? 8 : 4;
    if (at + 2 * size > view.byteLength) return null;
    const number = (/** @type {number} */ from) => (size === 8 ? Number(view.getBigUint64(from, true)) : view.getUint32(from, true));
    return { at: number(at), end: number(at + size) };
  }

  /** @param {Saved} saved */
  #isThere(saved) {
    return saved.hash === null || saved.hash === this.#hash(saved.from, saved.to);
  }

  /** @type {(from: number, to: number) => number} */
  #hash(from, to) {
    const bytes = new Uint8Array(apply(bufferOf, /** @type {WebAssembly.Memory} */ (this.#memory), []));
    let hash = to - from;
    for (let at = from; at < to; at++) hash = (Math.imul(hash, 31) + bytes[at]) | 0;
    return hash;
  }

  /** @param {boolean} idle whether the program has ended because nothing was left to do */
  finish(idle) {
    if (this.#state !== "normal") this.#part.write({ kind: "unfinished", state: this.#state });
    for (const { entry } of this.#waiting) {
      if (entry !== null) this.#tell({ kind: "pending", stack: entry.id, idle });
    }
  }
}

exports.AsyncifyCalls = AsyncifyCalls;
