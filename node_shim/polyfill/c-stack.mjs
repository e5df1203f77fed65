// The C stack in the guest's memory. Asyncify leaves its pointer alone, and calls that overlap in time need a stack each:
// C code moves the pointer up and down freely and would write over the frames of those that wait.
//
// The first call is on the guest's own stack. While calls wait, the pointer stands on the *pending* region: what glue puts on
// the stack in the meantime (the strings of a `ccall`, a result for a guest that waits) is apart from all frames. The next call
// takes that region with its arguments in it. A guest without `malloc` gets regions in added pages, and none before calls overlap.
// Without room for regions, calls go below each other on the guest's own stack.

import { pointerFunctions, pointerOf } from "./pointer.mjs";
import { Region } from "./region.mjs";

/** @typedef {import("./record.mjs").CallRecord} CallRecord */
/** @typedef {import("./instance-memory.mjs").InstanceMemory} InstanceMemory */

const LEAST_BYTES = 65536;
const MOST_BYTES = 1 << 20;
const LARGE_REGIONS = 16; // the regions after these are small: calls by the hundred do not need the room for deep recursion

/**
 * @param {WebAssembly.Exports} exports
 * @param {InstanceMemory} memory
 * @param {number} [bytes] the size of a region
 * @returns the C stacks of an instance, or null where its pointer cannot be reached
 */
export function cStacksOf(exports, memory, bytes) {
  const access = pointerOf(exports);
  return access === null ? null : new CStacks(access, memory, exports, bytes);
}

export class CStacks {
  /** Calls that have begun and not ended, in that order. */
  #open = /** @type {Set<CallRecord>} */ (new Set());

  /** How many of them are on the guest's own stack. */
  #onOwn = 0;

  #regions = /** @type {Region[]} */ ([]);

  #free = /** @type {Region[]} */ ([]);

  /** @type {Region | null} where the pointer stands while no call runs; null: on the guest's own stack */
  #pending = null;

  /** The pointer on the guest's own stack, without the calls that are open. */
  #home = 0;

  #access;
  #memory;
  #isWide;
  #setLimits;
  #canRestore;
  #bytes;

  /**
   * @param {import("./pointer.mjs").PointerAccess} access
   * @param {InstanceMemory} memory
   * @param {WebAssembly.Exports} exports
   * @param {number} [bytes]
   */
  constructor(access, memory, exports, bytes) {
    const now = access.get();
    const { emscripten_stack_get_base: base, emscripten_stack_get_end: end, __set_stack_limits: limits } = exports;
    const own = { top: Number(base?.() ?? 0), low: Number(end?.() ?? 0) };
    this.#access = access;
    this.#canRestore = pointerFunctions(exports) !== null;
    this.#memory = memory;
    this.#isWide = typeof now === "bigint";
    // As large as the guest's own, which ends where its pointer begins at the latest.
    this.#bytes = bytes ?? Math.min(MOST_BYTES, Math.max(LEAST_BYTES, own.top - own.low || Number(now)));
    this.#setLimits = typeof limits !== "function" || own.top === 0 ? null : ({ top, low } = own) => limits(this.#pointer(top), this.#pointer(low));
  }

  /** @param {number} at */
  #pointer(at) {
    return this.#isWide ? BigInt(at) : at;
  }

  get #now() {
    return Number(this.#access.get());
  }

  /** Whether glue may have moved the pointer to where it does not stand: it has a function for that, and there are regions. */
  get mayBeMoved() {
    return this.#canRestore && this.#regions.length > 0;
  }

  get hasOpenCalls() {
    return this.#open.size > 0;
  }

  /** @param {number} at */
  #regionAt(at) {
    return this.#regions.find((each) => each.has(at)) ?? null;
  }

  /**
   * @param {number} at
   * @param {Region | null} [region] that it lies in; null: the guest's own stack
   */
  #moveTo(at, region = this.#regionAt(at)) {
    this.#setLimits?.(region ?? undefined);
    this.#access.set(this.#pointer(at));
  }

  /**
   * A call begins.
   *
   * @param {CallRecord} record
   * @param {boolean} isNested whether frames of the guest may lie below it, which it may outlive
   */
  begin(record, isNested) {
    const now = this.#now;
    record.outside = now;
    record.isNested = isNested;
    if (!isNested) this.#noteHome(now);
    if (this.#open.size === 0 && !isNested) {
      this.#add(record);
      return;
    }
    if (!isNested && this.#pending !== null) {
      if (!this.#pending.has(now)) this.#moveTo((record.outside = this.#pending.pointer));
      record.region = this.#pending;
      this.#pending = null;
    } else {
      record.region = this.#take(true);
      if (record.region !== null) this.#moveTo(record.region.pointer, record.region);
      else this.#goBelow(now);
    }
    this.#add(record);
  }

  /** @param {CallRecord} record */
  #add(record) {
    this.#open.add(record);
    if (record.region === null) this.#onOwn++;
  }

  /**
   * A call that has begun without `begin` is about to be suspended.
   *
   * @param {CallRecord} record
   */
  adopt(record) {
    record.outside = this.#now;
    if (this.#pending?.has(record.outside)) {
      record.region = this.#pending;
      record.outside = this.#pending.pointer;
      this.#pending = null;
    }
    this.#add(record);
  }

  /**
   * The call was suspended.
   *
   * @param {CallRecord} record
   */
  leave(record) {
    const { isNested, region, outside } = record;
    record.pointer = this.#now;
    if (isNested) {
      if (region !== null) this.#moveTo(/** @type {number} */ (outside));
      return;
    }
    this.#pending ??= this.#take(false);
    if (this.#pending !== null) this.#moveTo(this.#pending.pointer, this.#pending);
    else if (region !== null && outside !== null && !region.has(outside)) this.#moveTo(outside);
  }

  /**
   * It is resumed.
   *
   * @param {CallRecord} record
   */
  enter(record) {
    const now = this.#now;
    let pointer = /** @type {number} */ (record.pointer);
    this.#noteHome(now);
    if (this.#pending?.has(now)) this.#pending.pointer = now;
    else if (this.#pending === null) {
      // What glue has put on the guest's own stack below the frames may be the result: the pointer stays below it.
      if (record.region === null && now < pointer && this.#regionAt(now) === null) pointer = now;
      else if (record.region !== null && !record.region.has(now)) record.outside = now;
    }
    record.isNested = false;
    record.wasResumed = true;
    record.pointer = null;
    this.#moveTo(pointer, record.region);
  }

  /**
   * @param {CallRecord} record
   * @param {boolean} failed whether the guest may have left the pointer anywhere
   */
  end(record, failed) {
    const { region, wasResumed } = record;
    const outside = record.outside ?? this.#now;
    if (this.#open.delete(record) && region === null) this.#onOwn--;
    record.pointer = record.region = null;
    if (region !== null) region.pointer = region.has(outside) ? outside : region.top;
    if (!wasResumed) {
      if (region?.has(outside)) this.#pending = region;
      else if (region !== null) this.#free.push(region);
      if (failed || region !== null) this.#moveTo(outside);
      return;
    }
    if (region !== null) this.#free.push(region);
    if (this.#open.size === 0) this.#goHome();
    else if (this.#pending !== null) this.#moveTo(this.#pending.pointer, this.#pending);
    else {
      if ((failed || region !== null) && !region?.has(outside)) this.#moveTo(outside);
      this.#goBelow(this.#now);
    }
  }

  /**
   * A suspended call was collected: it will not go on. No code of the guest is on the native stack.
   *
   * @param {CallRecord} record
   */
  abandon(record) {
    if (!this.#open.has(record)) return;
    record.isNested = false;
    this.note();
    record.wasResumed = true;
    this.end(record, true);
  }

  /** Note where the pointer stands between calls: glue may have put something on the stack. */
  note() {
    const now = this.#now;
    if (this.#pending?.has(now)) this.#pending.pointer = now;
    else if (this.#open.size === 0) this.#noteHome(now);
  }

  /**
   * Put the pointer back where it stands between calls. Glue that takes its arguments off the stack when a call has ended
   * (as `ccall` does) restores a pointer into a region that another call may have by now. No code of the guest is on the native stack.
   */
  correct() {
    if (this.#open.size > 0 && this.#pending === null) return;
    const now = this.#now;
    const region = this.#regionAt(now);
    if (region === this.#pending) return;
    if (region !== null) {
      if (this.#free.includes(region)) region.pointer = Math.max(region.pointer, now);
    } else this.#home = Math.max(this.#home, now);
    if (this.#pending === null) this.#moveTo(this.#home, null);
    else this.#moveTo(this.#pending.pointer, this.#pending);
  }

  /** @param {number} now */
  #noteHome(now) {
    if (this.#pending === null && this.#onOwn === 0 && this.#regionAt(now) === null) this.#home = now;
  }

  #goHome() {
    if (this.#pending !== null) this.#free.push(this.#pending);
    this.#pending = null;
    for (const each of this.#free) each.pointer = each.top;
    this.#moveTo(this.#home, null);
  }

  /**
   * Go below all calls that wait on the guest's own stack. Where there is no room for regions the last has to end first.
   *
   * @param {number} from
   */
  #goBelow(from) {
    let lowest = from;
    for (const { pointer, region } of this.#open) if (pointer !== null && region === null && pointer < lowest) lowest = pointer;
    if (lowest !== from) this.#moveTo(lowest, null);
  }

  /**
   * A region that no call has: the one that was given back first, since glue may still read what it has put on the others.
   *
   * @param {boolean} mayGrow whether pages may be added for it: not before a second call begins, as the guest may see them
   */
  #take(mayGrow) {
    const free = this.#free.shift();
    if (free !== undefined) {
      if (free.pointer - free.low < (free.top - free.low) / 2) free.pointer = free.top;
      return free;
    }
    const bytes = this.#regions.length < LARGE_REGIONS ? this.#bytes : Math.min(this.#bytes, LEAST_BYTES);
    const top = this.#memory.region(bytes, mayGrow);
    if (top === null) return null;
    const region = new Region(top - bytes, top);
    this.#regions.push(region);
    return region;
  }
}
