// An instance's linear memory, and how the host gets room in it: from the guest's own `malloc`, or by growing it.

export const PAGE = 65536;
export const ALIGN = 16;
/** The memory in which builds of stackswitch keep saved stacks; it is not the guest's. */
export const OWN_MEMORY = "stackswitch.saved_stacks";

/** @param {unknown} value */
export const isMemory = (value) => value instanceof WebAssembly.Memory;

/** The names under which toolchains export `malloc`. */
export const MALLOC = ["malloc", "_malloc", "emscripten_builtin_malloc", "__wbindgen_malloc"];

export class InstanceMemory {
  #malloc;
  #mayGrow;

  /**
   * @param {WebAssembly.Exports} exports of the instance
   * @param {WebAssembly.Memory | null | undefined} imported the memory that the instance imports, if it does
   * @param {boolean} wide whether the guest's pointers have 64 bits
   * @param {boolean} mayGrow whether pages may be added: the guest must not take them for its own
   */
  constructor(exports, imported, wide, mayGrow) {
    this.wide = wide;
    this.#mayGrow = mayGrow;
    /** @type {WebAssembly.Memory | null} */
    this.memory = Object.entries(exports).find(([name, each]) => name !== OWN_MEMORY && isMemory(each))?.[1] ?? imported ?? null;
    this.#malloc = MALLOC.map((name) => exports[name]).find((each) => typeof each === "function") ?? null;
  }

  /**
   * @param {number} bytes
   * @param {boolean} mayGrow whether pages may be added for it
   * @returns {number | null} the top of a C stack for one call; null: there is no room
   */
  region(bytes, mayGrow) {
    if (this.memory === null) return null;
    const at = this.allocate(bytes);
    if (at !== null) return at + bytes;
    const grown = mayGrow ? this.grow(Math.ceil(bytes / PAGE)) : null;
    return grown === null || grown.size < bytes ? null : grown.at + bytes;
  }

  /**
   * @param {number} bytes
   * @returns {number | null} an aligned address that the guest's `malloc` gave
   */
  allocate(bytes) {
    if (this.#malloc === null) return null;
    const malloc = this.#malloc;
    // wasm-bindgen's takes an alignment too; what C's is given besides is ignored.
    const at = Number(this.#withWidth((number) => malloc(number, typeof number === "bigint" ? BigInt(ALIGN) : ALIGN), bytes + ALIGN));
    return at === 0 ? null : Math.ceil(at / ALIGN) * ALIGN;
  }

  /**
   * Add pages: half as many, and so on, where the memory does not grow by as many as that; null: none.
   *
   * @param {number} pages
   */
  grow(pages) {
    if (!this.#mayGrow) return null;
    const memory = /** @type {WebAssembly.Memory} */ (this.memory);
    for (; pages > 0; pages >>= 1) {
      const at = memory.buffer.byteLength;
      try {
        this.#withWidth((number) => memory.grow(number), pages);
      } catch {
        continue;
      }
      return { at, size: pages * PAGE };
    }
    return null;
  }

  /**
   * What takes an address takes a BigInt where addresses have 64 bits: the guest's may, though Asyncify's do not.
   *
   * @param {(number: WebAssembly.Pointer) => WebAssembly.Pointer} action
   * @param {number} number
   */
  #withWidth(action, number) {
    if (this.wide) return action(BigInt(number));
    try {
      const result = action(number);
      return typeof result === "bigint" ? result : result >>> 0;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return action(BigInt(number));
    }
  }
}
