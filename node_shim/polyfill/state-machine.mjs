// Asyncify's protocol as a state machine: no engine, no memory. The Python one is
// `stackswitch/backends/wasmtime/asyncify/state_machine.py`; both are tested against the same table of transitions.
//
// A build is in one of three states. Normally its functions run. When an import wants to wait, the host starts an unwind:
// every function returns at once, saving its locals in the data block. Later the host starts a rewind and calls the same
// export again: every function restores itself and goes straight to the call it was in, until the same import is
// called again, the host stops the rewind, and the import returns, now with its result.

import { AsyncifyError } from "./errors.mjs";

export const NORMAL = 0;
export const UNWINDING = 1;
export const REWINDING = 2;

/**
 * The state of one instance.
 *
 * @template {{waitsIn: unknown}} C a call: the machine notes in it the import that it waits in, null: in none
 */
export class StateMachine {
  state = NORMAL;

  /** @type {C | null} the call whose saved stack is in the data block */
  owner = null;

  /** @type {C | null} the call that was unwound or rewound last */
  #switched = null;

  /** An export is called. */
  enter() {
    if (this.state !== NORMAL) throw new AsyncifyError("entered-while-switching");
  }

  /**
   * An import that never waits is called.
   *
   * @param {string} [name] of the import, for the message
   */
  plainImport(name) {
    if (this.state === NORMAL) return;
    throw new AsyncifyError(this.state === UNWINDING ? "import-while-unwinding" : "import-while-rewinding", name);
  }

  /**
   * An import that may wait is called.
   *
   * @param {C} call the innermost call
   * @param {unknown} which the import: the same object each time
   * @param {number} saved how much of the saved stack is left in the data block (bytes)
   * @param {string} [name] of the import, for the message
   * @returns whether a rewind has come to it: the caller stops the guest's rewind, and the import returns its result
   */
  waitingImport(call, which, saved, name) {
    if (this.state === NORMAL) return false;
    if (this.state === UNWINDING) throw new AsyncifyError("import-while-unwinding", name);
    if (call.waitsIn !== which) throw new AsyncifyError("other-import");
    if (saved !== 0) throw new AsyncifyError("stack-left");
    call.waitsIn = null;
    this.state = NORMAL;
    return true;
  }

  /**
   * A call gets the data block.
   *
   * @param {C} call
   * @returns {C | null} the call whose saved stack has to be copied out first
   */
  claim(call) {
    const before = this.owner;
    this.owner = call;
    return before === call ? null : before;
  }

  /**
   * Begin to unwind a call, which has the data block and waits in the import `which`.
   *
   * @param {C} call
   * @param {unknown} which
   */
  unwind(call, which) {
    call.waitsIn = which;
    this.#switched = call;
    this.state = UNWINDING;
  }

  /** The export of the innermost call has returned: whether the call is now suspended (else it is done). */
  left() {
    if (this.state === NORMAL) return false;
    if (this.state === REWINDING) throw new AsyncifyError("not-reached");
    this.state = NORMAL;
    return true;
  }

  /**
   * Begin to rewind a suspended call.
   *
   * @param {C} call
   */
  rewind(call) {
    this.enter();
    this.#switched = call;
    this.state = REWINDING;
  }

  /** The guest was brought back to its normal state in the middle of a switch. */
  reset() {
    this.#switched = null;
    this.state = NORMAL;
  }

  /**
   * Drop a call that has ended or will not go on.
   *
   * @param {C} call
   * @returns whether the data block held its saved stack
   */
  forget(call) {
    call.waitsIn = null;
    if (this.#switched === call) this.reset();
    if (this.owner !== call) return false;
    this.owner = null;
    return true;
  }
}
