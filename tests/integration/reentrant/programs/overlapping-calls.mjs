// Many calls of overlap.c at once, of all its kinds. Node and pages import this file; it imports nothing.
//
// Waits end in an order that the seed determines, not by the clock: a seed that fails fails again, on every engine.

const LIST = ["work", "read_text", "handed", "nest", "reject", "trap", "big_frame"];
const KINDS = "work,work,text,text,nest,reject";
const MOST_TEXT = 90;

/** @param {number} seed @returns {(limit: number) => number} numbers from 0 to below the limit */
function numbers(seed) {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % limit;
  };
}

/** Return a function that resolves when the engine has nothing left to do at once. */
function turns() {
  if (globalThis.setImmediate) return () => new Promise((resolve) => setImmediate(resolve));
  const { port1, port2 } = new MessageChannel();
  const waiting = [];
  port1.onmessage = () => waiting.shift()();
  return () => new Promise((resolve) => port2.postMessage(waiting.push(resolve)));
}

/** The instance, what its imports do, and what was found. */
class Program {
  constructor(module, seed, early) {
    this.early = early;
    this.random = numbers(seed);
    this.waits = [];
    this.inner = [];
    this.begun = 0;
    this.found = { wrong: 0, plain: 0, inner: 0, rejected: 0, errors: {} };
    const imports = {};
    for (const each of WebAssembly.Module.imports(module))
      (imports[each.module] ??= {})[each.name] = this.functions[each.name] ?? (() => 0);
    this.exports = new WebAssembly.Instance(module, imports).exports;
    this.exports.__wasm_call_ctors?.();
    this.promising = Object.fromEntries(LIST.map((name) => [name, WebAssembly.promising(this.exports[name])]));
  }

  get functions() {
    return {
      pause_for: new WebAssembly.Suspending((ms) => this.pause(ms)),
      start_inner: (each) => {
        this.inner.push(this.checked(this.promising.work(each * 3 + 1)));
        return 0;
      },
      hand_over: new WebAssembly.Suspending((size, seed) => this.handOver(size, seed)),
      call_back: (each) => this.exports.plain(each),
      emscripten_resize_heap: (bytes) => {
        this.exports.memory.grow(Math.ceil((bytes - this.exports.memory.buffer.byteLength) / 65536));
        return 1;
      },
    };
  }

  /** A wait: some end at once, with a value or a promise; some call the module when they end. */
  pause(ms) {
    if (ms === 0 && this.random(2)) return this.random(2) ? 0 : Promise.resolve(0);
    const settle = (resolve, reject) => () => {
      if (ms < 0) return reject(new Error("rejected"));
      if (this.random(3) === 0) this.plain();
      resolve(ms);
    };
    return new Promise((resolve, reject) => this.waits.push(settle(resolve, reject)));
  }

  plain() {
    if (this.exports.plain(this.random(100))) this.found.plain++;
  }

  /** Count a call that is wrong, or ends by an error. */
  checked(promise, rejects = false) {
    this.begun++;
    const note = (error) => {
      const text = String(error.message ?? error).slice(0, 90);
      if (rejects && text === "rejected") return this.found.rejected++, 0;
      this.found.errors[text] = (this.found.errors[text] ?? 0) + 1;
      return 1;
    };
    return promise.then((wrong) => (wrong || rejects ? 1 : 0), note);
  }

  /** Put bytes on the C stack, as glue does with strings; return their address. */
  put(length, byte) {
    const { exports } = this; // the name of Emscripten 3.1, or that of 6.0 if the glue needs it
    const at = (exports.stackAlloc ?? exports._emscripten_stack_alloc)(length);
    const bytes = new Uint8Array(exports.memory.buffer, at, length);
    for (let i = 0; i < length; i++) bytes[i] = byte(i);
    return at;
  }

  /** What Emscripten's `ccall` does with a string and `async: true`. */
  async withText(each) {
    const length = 10 + this.random(MOST_TEXT);
    const stack = this.pointer();
    const at = this.put(length + 1, (i) => (i < length ? 97 + ((each + i) % 26) : 0));
    const wrong = await this.promising.read_text(at, length, each);
    (this.exports.stackRestore ?? this.exports._emscripten_stack_restore)(stack);
    return wrong;
  }

  /** A wait whose result is on the C stack: glue puts it there when the wait ends, or before it, if `early` says so. */
  async handOver(size, seed) {
    const wait = () => new Promise((resolve) => this.waits.push(resolve));
    const early = this.early && this.random(2);
    if (!early) await wait();
    const at = this.put(size, (i) => seed * 31 + i * 7);
    if (early) await wait();
    return at;
  }

  pointer() {
    return (this.exports.stackSave ?? this.exports.emscripten_stack_get_current)();
  }

  /** Begin a call. */
  begin(kind, each) {
    if (kind === "text") return this.checked(this.withText(each));
    return this.checked(this.promising[kind](each), kind === "reject");
  }

  /** Let one wait end, any of them. */
  release() {
    const [end] = this.waits.splice(this.random(this.waits.length), 1);
    end();
  }
}

/**
 * Overlap calls, and count what went wrong: calls, calls within imports (`inner`), calls that do not wait (`plain`).
 *
 * @param {Uint8Array} bytes the module
 * @param {{seed?: number, calls?: number, kinds?: string, open?: number, early?: boolean}} options
 *   `open`: no more calls than these at once; `early`: see `handOver`
 * @returns what went wrong, how far the C stack pointer `moved`, by how many bytes the memory has `grown` in the second half,
 *   and how many calls were `begun`, with those within imports
 */
export async function overlap(bytes, { seed = 1, calls = 120, kinds = KINDS, open = calls, early = false } = {}) {
  const program = new Program(new WebAssembly.Module(bytes), seed, early);
  const { found, inner, random, waits } = program;
  const turn = turns();
  const pointer = program.pointer();
  const memory = () => program.exports.memory.buffer.byteLength;
  const chosen = kinds.split(",");
  let left = 0;
  let half = 0;
  const ended = (name) => (wrong) => {
    found[name] += wrong;
    left--;
  };
  for (let each = 1; each <= calls || left; ) {
    if (each <= calls && left < open && (!waits.length || random(3) === 0)) {
      left++;
      program.begin(chosen[random(chosen.length)], each++).then(ended("wrong"));
      if (each === calls >> 1) half = memory();
      if (random(2) === 0) program.plain();
    } else if (waits.length) program.release();
    for (const promise of inner.splice(0)) void (left++, promise.then(ended("inner")));
    await turn();
  }
  return { ...found, moved: pointer - program.pointer(), grown: memory() - half, begun: program.begun };
}

/**
 * Overlap calls once for each of some seeds; return those that were wrong, with what was found.
 *
 * @param {Uint8Array} bytes
 * @param {{first: number, count: number, calls: number}} options
 */
export async function overlapSeeds(bytes, { first, count, calls }) {
  const wrong = [];
  let begun = 0;
  for (let seed = first; seed < first + count; seed++) {
    const found = await overlap(bytes, { seed, calls });
    begun += found.begun;
    if (found.wrong || found.plain || found.inner || found.moved) wrong.push({ seed, ...found });
  }
  return { seeds: count, begun, wrong };
}
