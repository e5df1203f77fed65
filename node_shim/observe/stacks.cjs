// The stack at each wait. A stack seen before costs its capture and a comparison of call sites (function index and
// offset of each frame): no text is made, nothing is written but at counts that are powers of two.

"use strict";

const { sep } = require("node:path");
const { runInNewContext } = require("node:vm");

const NOT_WASM = -1;

/** Frames a line of the trace holds; deeper stacks are distinguished, and cut. */
const MOST_FRAMES = 20_000;
const MOST_STACKS = 100_000;
/** Of a module's URL; one that holds its data is as long as the module. */
const MOST_URL = 200;

/**
 * The call sites below a function, innermost first, however many: by an `Error` of another realm, whose limit and form of
 * stacks the program neither sees nor sets.
 */
const callSites = runInNewContext(`
  Error.stackTraceLimit = Infinity;
  Error.prepareStackTrace = (_, sites) => sites;
  const { captureStackTrace } = Error;
  (below) => {
    const holder = {};
    captureStackTrace(holder, below);
    return holder.stack;
  };
`);

/** @typedef {NodeJS.CallSite & {getPosition(): number}} Site */
/**
 * V8 gives a wasm frame's function index for its function; for JavaScript a function or undefined.
 *
 * @param {Site} site
 */
function wasmIndex(site) {
  const index = site.getFunction();
  return typeof index === "number" ? index : NOT_WASM;
}

/** A frame of wasm in the text of a stack: `at NAME (URL:wasm-function[INDEX]:0xOFFSET)`, or without the name. */
const FRAME = /^\s+at (.*):(?:wasm-function)?\[(\d+)\]:0x([0-9a-f]+)\)?$/;
/**
 * A URL holds no space; a name may hold anything.
 *
 * @param {string} text
 */
const urlIn = (text) => text.slice(text.lastIndexOf(" ") + 1).replace(/^\(/, "");

/** @param {Site} site */
const place = (site) => {
  const line = site.getLineNumber();
  const where = site.getFileName() ?? site.getEvalOrigin?.() ?? "native";
  return `${site.getFunctionName() ?? "(anonymous)"} (${where}${line === null ? "" : `:${line}:${site.getColumnNumber()}`})`;
};

const OWN = `(${__dirname}${sep}`;
/**
 * JavaScript between frames of wasm, without wrappers of ours around the program's own functions.
 *
 * @param {[number, string][]} gaps
 */
const withoutOwn = (gaps) =>
  gaps.filter(([at, text]) => !text.includes(OWN) || !gaps.some(([other, theirs]) => other === at && !theirs.includes(OWN)));

/**
 * @typedef {object} Slot a place that waits: an import, or a module's asyncify_start_unwind
 * @property {number} id
 * @property {string} how
 * @property {boolean} through stacks go on below JavaScript
 * @property {boolean} waits whether it counts as a suspension
 * @property {number} skip
 * @property {string | null} name
 * @property {number} seen waits
 * @property {number} taken stacks taken of them
 * @property {boolean} [marked]
 */
/**
 * @typedef {object} Entry a stack
 * @property {number} id
 * @property {Slot} slot
 * @property {Int32Array} key
 * @property {number} count
 * @property {number} written the count that the part has
 * @property {Entry | undefined} next with the same hash
 * @property {{bytes: number, room: number}} [saved] the most bytes that Asyncify has saved of it, and the room for them
 */

class StackRecorder {
  #part;
  #sample;
  #key = new Int32Array(512);
  /** @type {Map<number, Entry>} by hash */
  #entries = new Map();
  #count = 0;
  /** @type {Map<string | null, number>} */
  #urls = new Map();
  /** @type {Slot[]} */
  #slots = [];
  leftOut = 0;

  /**
   * @param {import("./part.cjs").TracePart} part
   * @param {{every: number, first: number}} sample
   */
  constructor(part, sample) {
    this.#part = part;
    this.#sample = sample;
  }

  /** A part begins: what waited before may wait again. */
  begin() {
    this.#entries.clear();
    this.#urls.clear();
    this.#count = 0;
    this.leftOut = 0;
    for (const slot of this.#slots) slot.seen = slot.taken = 0;
  }

  /**
   * @param {string} how
   * @param {{through: boolean, skip: number, waits?: boolean}} options
   */
  slot(how, { through, skip, waits = true }) {
    /** @type {Slot} */
    const slot = { id: this.#slots.length, how, through, skip, waits, name: null, seen: 0, taken: 0 };
    this.#slots.push(slot);
    return slot;
  }

  /**
   * Whether the next frame is one of WebAssembly.
   *
   * @param {Function} below the innermost function that is ours
   */
  isBelowWasm(below) {
    const [site] = callSites(below);
    return site !== undefined && wasmIndex(site) !== NOT_WASM;
  }

  /**
   * Note a wait; never throws.
   *
   * @param {Slot} slot
   * @param {Function} below the innermost function that is ours
   * @returns {Entry | null} the stack; null: it was not taken
   */
  note(slot, below) {
    const seen = ++slot.seen;
    if (seen > this.#sample.first && seen % this.#sample.every !== 0) return null;
    slot.taken++;
    try {
      const sites = callSites(below);
      const used = this.#readKey(slot, sites);
      return this.#counted(slot, sites, used);
    } catch (error) {
      this.#part.error(`a stack could not be taken: ${error}`);
      return null;
    }
  }

  /**
   * Put (index, offset) of each site of interest into the key; return how many sites that are.
   *
   * @param {Slot} slot
   * @param {Site[]} sites
   */
  #readKey(slot, sites) {
    if (this.#key.length < sites.length * 2) this.#key = new Int32Array(sites.length * 4);
    const key = this.#key;
    let last = 0;
    for (let at = slot.skip; at < sites.length; at++) {
      const site = sites[at];
      const index = wasmIndex(site);
      const into = (at - slot.skip) * 2;
      if (index !== NOT_WASM) last = at - slot.skip + 1;
      else if (last > 0 && !slot.through) break;
      key[into] = index;
      key[into + 1] = site.getPosition();
    }
    return last;
  }

  /**
   * @param {Slot} slot
   * @param {number} length of the key
   * @param {number} hash
   */
  #find(slot, length, hash) {
    const key = this.#key;
    let entry = this.#entries.get(hash);
    search: for (; entry !== undefined; entry = entry.next) {
      if (entry.slot !== slot || entry.key.length !== length) continue;
      for (let at = 0; at < length; at++) if (entry.key[at] !== key[at]) continue search;
      break;
    }
    return entry;
  }

  /** @type {(slot: Slot, sites: Site[], used: number) => Entry | null} */
  #counted(slot, sites, used) {
    const key = this.#key;
    const length = used * 2;
    let hash = slot.id;
    for (let at = 0; at < length; at++) hash = (Math.imul(hash, 31) + key[at]) | 0;
    let entry = this.#find(slot, length, hash);
    if (entry === undefined) {
      if (this.#count === MOST_STACKS || this.#part.full) {
        this.leftOut++;
        return null;
      }
      entry = { id: ++this.#count, slot, key: key.slice(0, length), count: 0, written: 0, next: this.#entries.get(hash) };
      this.#entries.set(hash, entry);
      this.#writeStack(entry, sites.slice(slot.skip, slot.skip + used + 1));
    }
    const count = ++entry.count;
    if ((count & (count - 1)) === 0) this.#writeCount(entry);
    return entry;
  }

  /** @param {Entry} entry */
  #writeCount(entry) {
    if (entry.count > 1) this.#part.write({ kind: "count", id: entry.id, count: entry.count }, { always: true });
    entry.written = entry.count;
  }

  /**
   * Write a stack that is new: frames are flat numbers (URL's number, index, offset); gaps are JavaScript, the last one is
   * what entered the guest.
   *
   * @param {Entry} entry
   * @param {Site[]} sites
   */
  #writeStack(entry, sites) {
    /** @type {number[]} */
    const frames = [];
    /** @type {[number, string][]} */
    const gaps = [];
    for (const site of sites) {
      const index = wasmIndex(site);
      if (index === NOT_WASM) gaps.push([frames.length / 3, place(site)]);
      else frames.push(this.#urlNumber(site.getFileName() ?? site.getScriptNameOrSourceURL()), index, site.getPosition());
      if (frames.length === MOST_FRAMES * 3) break;
    }
    const { slot } = entry;
    this.#part.write({
      kind: "stack",
      id: entry.id,
      how: slot.how,
      import: slot.name,
      async: slot.marked === true,
      frames,
      gaps: withoutOwn(gaps),
      truncated: frames.length === MOST_FRAMES * 3,
    });
  }

  /** @param {string | null} url */
  #urlNumber(url) {
    let number = this.#urls.get(url);
    if (number === undefined) {
      number = this.#urls.size;
      this.#urls.set(url, number);
      this.#part.write({ kind: "url", id: number, url: String(url).slice(0, MOST_URL) }, { always: true });
    }
    return number;
  }

  /**
   * Frames of an error, from its text: as many as the program's own Error.stackTraceLimit kept.
   *
   * @param {string} text
   */
  framesOfError(text) {
    /** @type {number[]} */
    const frames = [];
    /** @type {[number, string][]} */
    const gaps = [];
    for (const line of text.split("\n")) {
      if (!/^\s+at /.test(line)) continue;
      const match = FRAME.exec(line);
      if (match === null) gaps.push([frames.length / 3, line.trim().slice(3)]);
      else frames.push(this.#urlNumber(urlIn(match[1])), Number(match[2]), Number.parseInt(match[3], 16));
    }
    return { frames, gaps: withoutOwn(gaps) };
  }

  /** @returns {{suspensions: number, taken: number, left_out: number}} waits, stacks taken of them, those that were not written */
  totals() {
    const sum = (/** @type {"seen" | "taken"} */ key) => this.#slots.reduce((total, slot) => total + (slot.waits ? slot[key] : 0), 0);
    return { suspensions: sum("seen"), taken: sum("taken"), left_out: this.leftOut };
  }

  /** Exact counts, at the end. */
  flush() {
    for (const first of this.#entries.values()) {
      for (let entry = /** @type {Entry | undefined} */ (first); entry !== undefined; entry = entry.next) {
        if (entry.written !== entry.count) this.#writeCount(entry);
        if (entry.saved !== undefined) this.#part.write({ kind: "saved", stack: entry.id, ...entry.saved }, { always: true });
      }
    }
  }
}

exports.StackRecorder = StackRecorder;
exports.callSites = callSites;
