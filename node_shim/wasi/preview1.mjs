// WASI preview 1 for programs without files: arguments, environment, standard streams, clocks, random numbers,
// proc_exit. Numbers and layouts: github.com/WebAssembly/WASI, legacy/preview1/docs.md.

import { Exit, uncatchable } from "../errors/traps.mjs";
import { concat } from "../wasm/encode.mjs";

export const WASI_MODULE = "wasi_snapshot_preview1";

const SUCCESS = 0;
const BADF = 8;
const INVAL = 28;
const NOSYS = 52;
const SPIPE = 70;
const CHARACTER_DEVICE = 2;
/** @type {Record<number, bigint>} */
const RIGHTS = { 0: 1n << 1n, 1: 1n << 6n, 2: 1n << 6n }; // fd_read; fd_write
const RANDOM_CHUNK = 65536; // the most that getRandomValues gives at once
const OUTPUT_LIMIT = 4 << 20;
const FOREVER = 1n << 64n;

const encoder = new TextEncoder();
/** @param {string} text */
const zeroTerminated = (text) => encoder.encode(`${text}\0`);

/**
 * @typedef {object} WasiOptions
 * @property {string[]} args
 * @property {Record<string, string>} env
 * @property {string | Uint8Array} stdin
 * @property {number} [maxOutputBytes] of each stream; what is more is dropped
 */
/** @typedef {{memory: WebAssembly.Memory}} WithMemory an instance */
/** @typedef {(this: Wasi, memory: {view: DataView, bytes: Uint8Array}, ...args: any[]) => number} WasiFunction */

class Output {
  /** @type {Uint8Array[]} */
  #chunks = [];
  #size = 0;
  #limit;

  /** @param {number} limit */
  constructor(limit) {
    this.#limit = limit;
  }

  /** @param {Uint8Array} data */
  write(data) {
    if (this.#size < this.#limit) this.#chunks.push(data.slice());
    this.#size += data.length;
  }

  get text() {
    return new TextDecoder().decode(concat(this.#chunks));
  }

  take() {
    const all = concat(this.#chunks);
    this.#chunks = [];
    return all;
  }
}

export class Wasi {
  #args;
  #env;
  #stdin;
  #read = 0;
  /** @type {Record<number, Output>} */
  #outputs;
  #open = new Set([0, 1, 2]);

  /** @param {WasiOptions} options */
  constructor({ args, env, stdin, maxOutputBytes = OUTPUT_LIMIT }) {
    this.#outputs = { 1: new Output(maxOutputBytes), 2: new Output(maxOutputBytes) };
    this.#args = args.map(zeroTerminated);
    this.#env = Object.entries(env).map(([name, value]) => zeroTerminated(`${name}=${value}`));
    this.#stdin = typeof stdin === "string" ? encoder.encode(stdin) : stdin;
  }

  get stdout() {
    return this.#outputs[1].text;
  }

  get stderr() {
    return this.#outputs[2].text;
  }

  /** What was written to standard output and error since the last call of this, as bytes. */
  takeOutput() {
    return [this.#outputs[1].take(), this.#outputs[2].take()];
  }

  /**
   * The function of that name for an instance; one we do not have fails with `nosys`.
   *
   * @param {string} name
   * @param {WithMemory} instance
   * @returns {(...args: any[]) => number}
   */
  functionFor(name, instance) {
    const found = Object.hasOwn(Wasi.#functions, name) ? Wasi.#functions[name] : () => NOSYS;
    return (...args) => {
      const buffer = instance.memory.buffer;
      return found.call(this, { view: new DataView(buffer), bytes: new Uint8Array(buffer) }, ...args.map(unsigned));
    };
  }

  /** @type {(items: (wasi: Wasi) => Uint8Array[]) => WasiFunction} writes strings, and a pointer to each */
  static #list = (items) =>
    function ({ view, bytes }, pointers, buffer) {
      for (const item of items(this)) {
        view.setUint32(pointers, buffer, true);
        bytes.set(item, buffer);
        pointers += 4;
        buffer += item.length;
      }
      return SUCCESS;
    };

  /** @type {(items: (wasi: Wasi) => Uint8Array[]) => WasiFunction} writes how many strings there are, and how many bytes */
  static #sizes = (items) =>
    function ({ view }, count, size) {
      view.setUint32(count, items(this).length, true);
      view.setUint32(size, items(this).reduce((sum, item) => sum + item.length, 0), true);
      return SUCCESS;
    };

  /** @type {Record<string, WasiFunction>} */
  static #functions = {
    args_get: Wasi.#list((wasi) => wasi.#args),
    args_sizes_get: Wasi.#sizes((wasi) => wasi.#args),
    environ_get: Wasi.#list((wasi) => wasi.#env),
    environ_sizes_get: Wasi.#sizes((wasi) => wasi.#env),
    fd_prestat_get: () => BADF,
    fd_prestat_dir_name: () => BADF,
    sched_yield: () => SUCCESS,

    fd_write({ view, bytes }, fd, vectors, count, written) {
      const output = this.#outputs[fd];
      if (output === undefined || !this.#open.has(fd)) return BADF;
      let total = 0;
      for (const [at, size] of buffers(view, vectors, count)) {
        output.write(bytes.subarray(at, at + size));
        total += size;
      }
      view.setUint32(written, total, true);
      return SUCCESS;
    },

    fd_read({ view, bytes }, fd, vectors, count, read) {
      if (fd !== 0 || !this.#open.has(0)) return BADF;
      let total = 0;
      for (const [at, size] of buffers(view, vectors, count)) {
        const chunk = this.#stdin.subarray(this.#read, this.#read + size);
        bytes.set(chunk, at);
        this.#read += chunk.length;
        total += chunk.length;
        if (chunk.length < size) break;
      }
      view.setUint32(read, total, true);
      return SUCCESS;
    },

    fd_close(_, fd) {
      return this.#open.delete(fd) ? SUCCESS : BADF;
    },

    fd_seek(_, fd) {
      return this.#open.has(fd) ? SPIPE : BADF;
    },

    fd_fdstat_get({ view, bytes }, fd, at) {
      if (!this.#open.has(fd)) return BADF;
      bytes.fill(0, at, at + 24); // u8 type, u16 flags, u64 rights, u64 inherited rights
      view.setUint8(at, CHARACTER_DEVICE);
      view.setBigUint64(at + 8, RIGHTS[fd], true);
      return SUCCESS;
    },

    fd_fdstat_set_flags(_, fd) {
      return this.#open.has(fd) ? SUCCESS : BADF;
    },

    fd_filestat_get({ view, bytes }, fd, at) {
      if (!this.#open.has(fd)) return BADF;
      bytes.fill(0, at, at + 64); // u64 device, inode; u8 type; u64 links, size, three times
      view.setUint8(at + 16, CHARACTER_DEVICE);
      return SUCCESS;
    },

    clock_res_get({ view }, clock, at) {
      if (clock > 3) return INVAL;
      view.setBigUint64(at, 1000n, true);
      return SUCCESS;
    },

    clock_time_get({ view }, clock, _precision, at) {
      if (clock > 3) return INVAL;
      view.setBigUint64(at, nanoseconds(clock), true);
      return SUCCESS;
    },

    random_get({ bytes }, at, size) {
      for (let done = 0; done < size; done += RANDOM_CHUNK) {
        const chunk = new Uint8Array(Math.min(RANDOM_CHUNK, size - done));
        globalThis.crypto.getRandomValues(chunk);
        bytes.set(chunk, at + done);
      }
      return SUCCESS;
    },

    /** Clocks are waited for in place; a stream is always ready. Subscriptions are 48 bytes, events 32. */
    poll_oneoff({ view, bytes }, subscriptions, events, count, stored) {
      if (count === 0) return INVAL;
      /** @type {[number, number][]} */
      let ready = [];
      let first = { at: 0, wait: FOREVER };
      for (let i = 0; i < count; i++) {
        const at = subscriptions + 48 * i;
        const type = view.getUint8(at + 8);
        if (type !== 0) {
          ready.push([at, type]);
          continue;
        }
        const clock = view.getUint32(at + 16, true);
        const timeout = view.getBigUint64(at + 24, true);
        const absolute = view.getUint16(at + 40, true) & 1;
        const wait = absolute ? timeout - nanoseconds(clock) : timeout;
        if (wait < first.wait) first = { at, wait };
      }
      if (ready.length === 0) {
        sleep(Number(first.wait) / 1e6);
        ready = [[first.at, 0]];
      }
      for (const [i, [at, type]] of ready.entries()) {
        const event = events + 32 * i;
        bytes.fill(0, event, event + 32);
        view.setBigUint64(event, view.getBigUint64(at, true), true);
        view.setUint8(event + 10, type);
      }
      view.setUint32(stored, ready.length, true);
      return SUCCESS;
    },

    proc_exit(_, status) {
      throw uncatchable(new Exit(status));
    },
  };
}

/** @type {(view: DataView, vectors: number, count: number) => [number, number][]} address and size of each buffer of an iovec */
const buffers = (view, vectors, count) =>
  Array.from({ length: count }, (_, i) => [view.getUint32(vectors + 8 * i, true), view.getUint32(vectors + 8 * i + 4, true)]);

/** @param {unknown} value */
const unsigned = (value) => (typeof value === "number" ? value >>> 0 : value);

/** @param {number} clock */
function nanoseconds(clock) {
  const milliseconds = clock === 0 ? performance.timeOrigin + performance.now() : performance.now();
  return BigInt(Math.round(milliseconds * 1e6));
}

/** @param {number} milliseconds */
function sleep(milliseconds) {
  if (!(milliseconds > 0)) return;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
