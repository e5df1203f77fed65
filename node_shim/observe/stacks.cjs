// The stack at each wait. A stack seen before costs its capture and a comparison of call sites (function index and
// offset of each frame): no text is made, nothing is written but at counts that are powers of two.

"use strict";

const { runInNewContext } = require("node:vm");

const NOT_WASM = -1;

/** Frames a line of the trace holds; deeper stacks are told apart, and cut. */
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

/** V8 gives a wasm frame's function index for its function; for JavaScript a function or undefined. */
function wasmIndex(site) {
  const index = site.getFunction();
  return typeof index === "number" ? index : NOT_WASM;
}

/** A frame of wasm in the text of a stack: `at NAME (URL:wasm-function[INDEX]:0xOFFSET)`, or without the name. */
const FRAME = /^\s+at (.*):(?:wasm-function)?\[(\d+)\]:0x([0-9a-f]+)\)?$/;
/** A URL holds no space; a name may hold anything. */
const urlIn = (text) => text.slice(text.lastIndexOf(" ") + 1).replace(/^\(/, "");

const place = (site) => {
  const line = site.getLineNumber();
  const where = site.getFileName() ?? site.getEvalOrigin?.() ?? "native";
  return `${site.getFunctionName() ?? "(anonymous)"} (${where}${line === null ? "" : `:${line}:${site.getColumnNumber()}`})`;
};

class Stacks {
  #part;
  #sample;
  #key = new Int32Array(512);
  #entries = new Map();
  #count = 0;
  #urls = new Map();
  #slots = [];
  leftOut = 0;

  constructor(sample) {
    this.#sample = sample;
  }

  /** Tell it all to another part from now on: what waited before may wait again. */
  begin(part) {
    this.#part = part;
    this.#entries.clear();
    this.#urls.clear();
    this.#count = 0;
    this.leftOut = 0;
    for (const slot of this.#slots) slot.seen = slot.taken = 0;
  }

  /** A place that waits: an import, or a module's asyncify_start_unwind. `through`: stacks go on below JavaScript. */
  slot(how, { through, skip }) {
    const slot = { id: this.#slots.length, how, through, skip, name: null, seen: 0, taken: 0 };
    this.#slots.push(slot);
    return slot;
  }

  /** A wait. `below`: the innermost function that is ours; never throws. */
  note(slot, below) {
    const seen = ++slot.seen;
    if (seen > this.#sample.first && seen % this.#sample.every !== 0) return;
    slot.taken++;
    try {
      const sites = callSites(below);
      const used = this.#readKey(slot, sites);
      this.#counted(slot, sites, used);
    } catch (error) {
      this.#part.error(`a stack could not be taken: ${error}`);
    }
  }

  /** Put (index, offset) of each site of interest into the key; return how many sites that are. */
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

  #counted(slot, sites, used) {
    const key = this.#key;
    const length = used * 2;
    let hash = slot.id;
    for (let at = 0; at < length; at++) hash = (Math.imul(hash, 31) + key[at]) | 0;
    let entry = this.#entries.get(hash);
    search: for (; entry !== undefined; entry = entry.next) {
      if (entry.slot !== slot || entry.key.length !== length) continue;
      for (let at = 0; at < length; at++) if (entry.key[at] !== key[at]) continue search;
      break;
    }
    if (entry === undefined) {
      if (this.#count === MOST_STACKS || this.#part.full) {
        this.leftOut++;
        return;
      }
      entry = { id: ++this.#count, slot, key: key.slice(0, length), count: 0, told: 0, next: this.#entries.get(hash) };
      this.#entries.set(hash, entry);
      this.#tell(entry, sites.slice(slot.skip, slot.skip + used));
    }
    const count = ++entry.count;
    if ((count & (count - 1)) === 0) this.#tellCount(entry);
  }

  #tellCount(entry) {
    if (entry.count > 1) this.#part.write({ kind: "count", id: entry.id, count: entry.count }, { always: true });
    entry.told = entry.count;
  }

  /** A stack seen for the first time: frames are flat numbers (URL's number, index, offset); gaps are JavaScript. */
  #tell(entry, sites) {
    const frames = [];
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
      gaps,
      truncated: frames.length === MOST_FRAMES * 3,
    });
  }

  #urlNumber(url) {
    let number = this.#urls.get(url);
    if (number === undefined) {
      number = this.#urls.size;
      this.#urls.set(url, number);
      this.#part.write({ kind: "url", id: number, url: String(url).slice(0, MOST_URL) }, { always: true });
    }
    return number;
  }

  /** Frames of an error, from its text: as many as the program's own Error.stackTraceLimit kept. */
  framesOfError(text) {
    const frames = [];
    const gaps = [];
    for (const line of text.split("\n")) {
      if (!/^\s+at /.test(line)) continue;
      const match = FRAME.exec(line);
      if (match === null) gaps.push([frames.length / 3, line.trim().slice(3)]);
      else frames.push(this.#urlNumber(urlIn(match[1])), Number(match[2]), Number.parseInt(match[3], 16));
    }
    return { frames, gaps };
  }

  /** @returns {{suspensions: number, taken: number, left_out: number}} waits, stacks taken of them, not told of those */
  totals() {
    const sum = (key) => this.#slots.reduce((total, slot) => total + slot[key], 0);
    return { suspensions: sum("seen"), taken: sum("taken"), left_out: this.leftOut };
  }

  /** Exact counts, at the end. */
  flush() {
    for (let entry of this.#entries.values()) {
      for (; entry !== undefined; entry = entry.next) if (entry.told !== entry.count) this.#tellCount(entry);
    }
  }
}

module.exports = { Stacks, callSites };
