// The memories that a guest exports.

const PAGE = 65536n;

export class GuestMemories {
  #memories;
  /** @type {Uint8Array[]} */
  #views = [];

  /**
   * @param {WebAssembly.Memory[]} memories
   * @param {WebAssembly.Global | null} counter the bytes by which they may still grow; null: there is no limit
   */
  constructor(memories = [], counter = null) {
    this.#memories = memories;
    if (counter !== null) for (const memory of new Set(memories)) countGrowth(memory, counter);
  }

  /** The first one, as WASI wants it. */
  get first() {
    return this.#memories[0];
  }

  /** The size of the first one (bytes). */
  get size() {
    return this.#memories[0]?.buffer.byteLength ?? 0;
  }

  /**
   * A memory as bytes, by its place.
   *
   * @param {number} [index]
   */
  bytes(index = 0) {
    const memory = this.#memories[index];
    if (memory === undefined) return undefined;
    const { buffer } = memory;
    if (this.#views[index]?.buffer !== buffer) this.#views[index] = new Uint8Array(buffer);
    return this.#views[index];
  }

  /**
   * @param {number} index
   * @param {number} pages
   * @returns {{before: number | null, size: number}} pages before, null: it cannot grow; bytes after
   */
  grow(index, pages) {
    const memory = this.#memories[index];
    /** @type {number | null} */
    let before = null;
    try {
      before = Number(memory.grow(typeof memory.type?.().minimum === "bigint" ? BigInt(pages) : pages));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    return { before, size: memory.buffer.byteLength };
  }
}

/**
 * Subtract each growth of a memory from a counter, and refuse it if too little is left. The guest counts its own growth
 * (stackswitch/wasm/growth_limiter.py).
 *
 * @param {WebAssembly.Memory} memory
 * @param {WebAssembly.Global} counter
 */
function countGrowth(memory, counter) {
  const { grow } = memory;
  Object.defineProperty(memory, "grow", {
    configurable: true,
    value(/** @type {WebAssembly.Pointer} */ pages) {
      const bytes = BigInt(pages) * PAGE;
      if (bytes < 0n || bytes > counter.value) throw new RangeError(`the budget of the guest's memory leaves ${counter.value} bytes, not ${bytes}`);
      const before = grow.call(memory, pages);
      counter.value -= bytes;
      return before;
    },
  });
}
