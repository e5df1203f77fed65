// One instance of an Asyncify build: its state, its data block, the calls that are set aside.
//
// A build is in one of three states. Normally its functions run. When an import wants to wait, the host starts an unwind: every
// function returns at once, saving its locals in the data block. Later the host starts a rewind and calls the same
// export again: every function restores itself and goes straight to the call it was in, until the same import is
// called again, the host stops the rewind, and the import returns, now with its result.

import { AsyncifyError } from "./errors.mjs";
import { Room } from "./data-block.mjs";
import { shadowStack } from "./shadow.mjs";

export const NORMAL = 0;
export const UNWINDING = 1;
export const REWINDING = 2;

const CONTROLS = ["start_unwind", "stop_unwind", "start_rewind", "stop_rewind"];

export class Guest {
  #controls = null;
  #block = null;
  #shadow = null;
  #stackBytes;
  #room = null;
  #owner = null;

  /** @param stackBytes room for one saved stack; undefined: what is usual */
  constructor(stackBytes) {
    this.state = NORMAL;
    /** Calls that have begun and not ended, in that order. */
    this.open = new Set();
    this.#stackBytes = stackBytes;
  }

  /** Whether calls can be set aside: not before the instance is made, and only if it is an Asyncify build. */
  get isReady() {
    return this.#controls !== null;
  }

  /** Take what only exists once the instance has been made; side modules share the controls of the main one. */
  connect(exports, importedMemory) {
    if (this.#controls !== null || CONTROLS.some((name) => typeof exports[`asyncify_${name}`] !== "function")) return;
    this.#controls = Object.fromEntries(CONTROLS.map((name) => [name, exports[`asyncify_${name}`]]));
    this.#room = { exports, importedMemory };
  }

  #makeRoom() {
    const { exports, importedMemory } = this.#room;
    this.#room = new Room(exports, importedMemory, takesBigInt(this.#controls));
    this.#shadow = shadowStack(exports, this.#room);
  }

  /** Make what a call needs before it can be set aside; throws if there is no room for it. */
  prepare() {
    if (this.#block !== null) return;
    if (!(this.#room instanceof Room)) this.#makeRoom();
    this.#block = this.#room.block(this.#stackBytes);
  }

  // --- calls

  /** @param isNested whether frames of the guest's may lie below the call */
  begin(call, isNested) {
    if (this.#controls === null) return;
    if (this.state !== NORMAL) throw new AsyncifyError("entered-while-switching");
    if (!(this.#room instanceof Room)) this.#makeRoom();
    this.#shadow?.begin(call, this.open, isNested);
    this.open.add(call);
  }

  /** A call whose instance was not known when it began. */
  adopt(call) {
    call.guest = this;
    this.open.add(call);
    call.outside ??= this.#shadow?.get() ?? null;
  }

  end(call) {
    this.open.delete(call);
    if (this.#owner === call) {
      this.#owner = null;
      this.#block?.clear();
    }
    if (call.outside !== null) this.#shadow.end(call, this.open);
  }

  // --- setting aside, and going on

  #claim(call) {
    const before = this.#owner;
    this.#owner = call;
    if (before === call) return;
    if (before !== null) before.saved = this.#block.takeOut(before.saved?.buffer ?? null);
  }

  /** Begin to unwind: the import `which` waits. */
  unwind(call, which) {
    this.#claim(call);
    call.which = which;
    this.state = UNWINDING;
    this.#controls.start_unwind(this.#block.address);
  }

  /** The export has returned in the middle of an unwind: it is set aside. */
  unwound(call) {
    const saved = this.#block.saved;
    if (saved > this.#block.room) {
      this.#reset();
      throw new AsyncifyError("overflow", `${saved} bytes to save, room for ${this.#block.room}`);
    }
    this.state = NORMAL;
    this.#controls.stop_unwind();
    if (saved === 0 && !call.isImport) throw new AsyncifyError("nothing-saved");
    this.#shadow?.leave(call);
  }

  /** Begin to rewind. */
  rewind(call) {
    if (this.state !== NORMAL) throw new AsyncifyError("entered-while-switching");
    if (this.#owner !== call) {
      this.#claim(call);
      this.#block.putBack(call.saved);
    }
    this.#shadow?.enter(call);
    this.state = REWINDING;
    this.#controls.start_rewind(this.#block.address);
  }

  /** The rewind has come to an import: it is the one that waited, and returns now. */
  arrive(call, which) {
    if (call.which !== which) throw new AsyncifyError("other-import");
    if (this.#block.saved !== 0) throw new AsyncifyError("stack-left");
    this.state = NORMAL;
    this.#controls.stop_rewind();
  }

  /** What `error`, with which an export ended, means; the instance is brought back to where others can run. */
  why(error) {
    const { state } = this;
    if (state === NORMAL) return error;
    this.#reset();
    if (error instanceof AsyncifyError) return error;
    if (state === UNWINDING && error instanceof WebAssembly.RuntimeError && /out of bounds/i.test(error.message)) {
      return new AsyncifyError("overflow", "it ran out of its memory", { cause: error });
    }
    return new AsyncifyError("trap-while-switching", String(error?.message ?? error), { cause: error });
  }

  /** The export has returned in the middle of a rewind. */
  notReached() {
    this.#reset();
    return new AsyncifyError("not-reached");
  }

  #reset() {
    const unwinding = this.state === UNWINDING;
    this.#block.clear(); // the guest would check it too, with a trap
    this.state = NORMAL;
    if (unwinding) this.#controls.stop_unwind();
    else this.#controls.stop_rewind();
  }
}

/**
 * Whether addresses have 64 bits. An i32 takes no BigInt, and then nothing runs. An i64 does: the guest then looks into
 * a block at 0 and may trap over what it finds, after it has set its state; which is put back.
 */
function takesBigInt({ start_unwind: start, stop_unwind: stop }) {
  try {
    start(0n);
  } catch (error) {
    if (error instanceof TypeError) return false;
  }
  try {
    stop();
  } catch {
    // see above
  }
  return true;
}
