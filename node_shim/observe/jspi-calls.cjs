// The calls through promising exports, each from its beginning to its end, and whether they use the C stack of one another.
//
// A call runs in segments: from its beginning, or from where a promise has settled, to its next wait or its end. While a segment
// runs, the calls that wait cannot change their frames. So what is different in them afterwards, this segment has written. What
// the host writes between segments (into a buffer of a call that waits) is not compared. A host may also put the frames back:
// then nothing is lost. Pyodide does so in an import that the call calls first when it goes on, so that is judged at the end of
// the next segment.

"use strict";

const { CStack } = require("./c-stack.cjs");
const { values } = Object;

/** @typedef {import("./stacks.cjs").Entry} Entry */
/** @typedef {import("./c-stack.cjs").Range} Range */
/**
 * @typedef {object} Call
 * @property {number} index of the exported function
 * @property {Instance} instance
 * @property {number} top the C stack pointer when it began
 * @property {number} low the C stack pointer where it waits
 * @property {Entry | null} entry the stack of its last wait
 * @property {{calls: Call[], copy: import("./c-stack.cjs").Copy} | null} watched what the running segment must not change
 * @property {Change[]} changes in its frames while it waits
 */
/** @typedef {{by: Call, entry: Entry | null, bytes: import("./c-stack.cjs").Changed, range: number}} Change what a segment wrote into
 *   the frames of another call, and how many bytes these have */
/**
 * @typedef {object} Instance
 * @property {CStack | null} stack null: it cannot be seen
 * @property {boolean} reentrant the build gives each call a C stack
 * @property {boolean} restores the host puts frames back
 * @property {(() => void)[]} unclear changes of which it cannot be told whether the host has put them back; each reports one
 * @property {Set<Call>} waiting
 * @property {number} open calls
 * @property {number | null} home the pointer when no call was open, at first
 */
/**
 * @typedef {object} Shared two calls in one part of the C stack
 * @property {Instance} instance
 * @property {{kind: string, first: number, second: number | null, index: number, bytes: number, lost: number, address: number, count: number}} line
 */

const MOST_SHARED = 1_000; // pairs of stacks
const REENTRANT = "__jspi_enter"; // binaryen#9102, and stackswitch reentrant

/** @type {(stack: CStack | null, reentrant: boolean) => Instance} */
const newInstance = (stack, reentrant) => ({ stack, reentrant, restores: false, unclear: [], waiting: new Set(), open: 0, home: null });

class JspiCalls {
  #part;
  /** @type {Call[]} whose segments run, the innermost last */
  #running = [];
  /** @type {Set<Call>} */
  #open = new Set();
  /** @type {Map<string, Shared>} */
  #shared = new Map();
  /** @type {Set<WeakRef<WebAssembly.Exports>>} */
  #exports = new Set();
  /** @type {WeakMap<object, Instance>} by exported function, and by exports */
  #instances = new WeakMap();
  /** @type {WeakMap<WebAssembly.Exports, string[]>} */
  #getters = new WeakMap();
  #unjudged = false;

  /** @param {import("./part.cjs").TracePart} part */
  constructor(part) {
    this.#part = part;
  }

  /** A part begins. */
  begin() {
    this.#shared.clear();
    this.#open.clear();
    this.#running = [];
  }

  /**
   * The program gets the exports of an instance.
   *
   * @param {WebAssembly.Exports} exports
   * @param {string[]} getters the exports that give the C stack pointer, if they have other names
   */
  instantiated(exports, getters) {
    this.#exports.add(new WeakRef(exports));
    this.#getters.set(exports, getters);
  }

  /** @returns {Generator<WebAssembly.Exports>} of instances that are not collected */
  *#known() {
    for (const each of this.#exports) {
      const exports = each.deref();
      if (exports === undefined) this.#exports.delete(each);
      else yield exports;
    }
  }

  /** @type {(exported: Function) => Instance} */
  #instanceOf(exported) {
    const known = this.#instances.get(exported);
    if (known !== undefined) return known;
    let instance = newInstance(null, false); // a function of a table, or of an instance whose exports nobody has read
    for (const exports of this.#known()) {
      if (!values(exports).includes(exported)) continue;
      const reentrant = typeof exports[REENTRANT] === "function";
      instance = this.#instances.get(exports) ?? newInstance(reentrant ? null : CStack.of(exports, this.#getters.get(exports) ?? []), reentrant);
      this.#instances.set(exports, instance);
      break;
    }
    this.#instances.set(exported, instance);
    return instance;
  }

  /**
   * A call begins.
   *
   * @param {Function} exported
   * @param {number} index of the function
   * @returns {Call}
   */
  called(exported, index) {
    const instance = this.#instanceOf(exported);
    const top = instance.stack?.pointer ?? 0;
    if (instance.open++ === 0) instance.home ??= top;
    /** @type {Call} */
    const call = { index, instance, top, low: top, entry: null, watched: null, changes: [] };
    this.#open.add(call);
    this.#starts(call);
    return call;
  }

  /**
   * The call that runs waits.
   *
   * @param {Entry | null} entry its stack
   * @returns {Call | null} null: no call is known to run
   */
  waits(entry) {
    const call = this.#running.at(-1) ?? null;
    if (call === null) return null;
    const { instance } = call;
    this.#judge(call);
    call.entry = entry;
    call.low = instance.stack?.pointer ?? 0;
    this.#stops(call);
    for (const other of instance.waiting) {
      const bytes = Math.min(call.top, other.top) - Math.max(call.low, other.low);
      if (bytes > 0) this.#share(other, call, other.entry, call.entry, bytes, 0);
    }
    if (instance.waiting.size > 0 && instance.stack === null && !instance.reentrant) this.#cannotJudge(call);
    instance.waiting.add(call);
    return call;
  }

  /** @param {Call} call goes on: what it waited for has settled */
  resumes(call) {
    if (call.instance.waiting.delete(call)) this.#starts(call);
  }

  /** @param {Call} call whose segment is over: what others have written into its frames is still there, or not */
  #judge(call) {
    const { instance, changes } = call;
    for (const { by, entry, bytes, range } of changes) {
      const undone = instance.stack?.undone(bytes) ?? 0;
      const share = this.#share.bind(this, call, by, call.entry, entry, range, bytes.size);
      if (undone > 0) instance.restores = true;
      else if (undone < 0) share();
      else if (instance.unclear.length < MOST_SHARED) instance.unclear.push(share);
    }
    call.changes = [];
  }

  /** @param {Call} call has returned or failed */
  ended(call) {
    if (!this.#open.delete(call)) return;
    this.#judge(call);
    call.instance.open--;
    call.instance.waiting.delete(call);
    if (this.#running.includes(call)) this.#stops(call);
    this.#look(call);
  }

  /**
   * A call has put the pointer back to where it began. If that is above the frames of one that waits, the next call of any
   * export writes over them.
   *
   * @param {Call} call
   */
  #look(call) {
    const { stack, waiting } = call.instance;
    if (stack === null || waiting.size === 0) return;
    const { pointer } = stack;
    for (const other of waiting) {
      const bytes = Math.min(pointer, other.top) - other.low;
      if (bytes > 0) this.#share(other, call, other.entry, call.entry, bytes, 0);
    }
  }

  /** @param {Call} call whose segment starts */
  #starts(call) {
    const outer = this.#running.at(-1);
    if (outer !== undefined) this.#compare(outer);
    this.#running.push(call);
    this.#watch(call);
  }

  /** @param {Call} call whose segment is over, and those of calls within it */
  #stops(call) {
    this.#compare(call);
    this.#running.length = this.#running.indexOf(call);
    const outer = this.#running.at(-1);
    if (outer !== undefined) this.#watch(outer);
  }

  /**
   * Copy the frames of calls that wait which this one can reach: it writes below the pointer, and below where it began.
   *
   * @param {Call} call
   */
  #watch(call) {
    const { stack, waiting } = call.instance;
    call.watched = null;
    if (stack === null || waiting.size === 0) return;
    const reach = Math.max(stack.pointer, call.top);
    const calls = [...waiting].filter((other) => other.low < reach && other.low < other.top);
    if (calls.length === 0) return;
    const range = { from: Math.min(...calls.map(({ low }) => low)), to: Math.max(...calls.map(({ top }) => top)) };
    call.watched = { calls, copy: stack.copy(range) };
  }

  /** @param {Call} call */
  #compare(call) {
    const { watched, instance } = call;
    if (watched === null || instance.stack === null) return;
    for (const other of watched.calls) {
      if (!instance.waiting.has(other)) continue;
      const bytes = instance.stack.changed({ from: other.low, to: other.top }, watched.copy);
      if (bytes.size > 0) other.changes.push({ by: call, entry: call.entry, bytes, range: other.top - other.low });
    }
  }

  /** @type {(first: Call, second: Call, waiting: Entry | null, entry: Entry | null, bytes: number, lost: number) => void} */
  #share(first, second, waiting, entry, bytes, lost) {
    if (waiting === null) return;
    const key = `${waiting.id} ${entry?.id} ${second.index} ${lost > 0}`;
    const known = this.#shared.get(key)?.line;
    if (known !== undefined) {
      known.count++;
      known.lost = Math.max(known.lost, lost);
      return;
    }
    if (this.#shared.size >= MOST_SHARED) return;
    const line = { kind: "shared", first: waiting.id, second: entry?.id ?? null, index: second.index, bytes, lost, address: first.low, count: 1 };
    this.#shared.set(key, { instance: first.instance, line });
    if (lost > 0) this.#part.write(line);
  }

  /** @param {Call} call */
  #cannotJudge(call) {
    if (this.#unjudged || call.entry === null) return;
    this.#unjudged = true;
    this.#part.write({ kind: "unjudged", stack: call.entry.id });
  }

  /** A host that has put frames back once is taken to do it always. */
  #reportUnclear() {
    for (const exports of this.#known()) {
      const { restores = true, unclear = [] } = this.#instances.get(exports) ?? {};
      if (!restores) for (const share of unclear) share();
    }
  }

  /**
   * Write what is known at the end.
   *
   * @param {boolean} idle whether the program has ended because nothing was left to do
   */
  finish(idle) {
    this.#reportUnclear();
    for (const { instance, line } of this.#shared.values()) {
      if (line.lost > 0 ? line.count > 1 : !instance.restores) this.#part.write(line);
    }
    for (const { entry } of this.#open) if (entry !== null) this.#part.write({ kind: "pending", stack: entry.id, idle });
    for (const exports of idle ? this.#known() : []) {
      const { stack = null, home = null, open = 1 } = this.#instances.get(exports) ?? {};
      if (stack === null || home === null || open > 0) continue;
      const bytes = home - stack.pointer;
      if (bytes !== 0) this.#part.write({ kind: "drift", bytes });
    }
  }
}

exports.JspiCalls = JspiCalls;
