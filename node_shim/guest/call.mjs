// Calls of a guest's exports: what each waits for, and how it is abandoned.

import { AsyncLocalStorage } from "node:async_hooks";

import { uncatchable } from "../errors/traps.mjs";
import { resultValue } from "../wasm/results.mjs";
import { read, zero } from "./codec.mjs";

/** @typedef {{resolve: (value: any) => void, reject: (() => void) | null, kinds: string[], hostCall: number}} Waiting for a host call */

/** Thrown into a guest that is abandoned. Python has the error itself. */
export const ABANDONED = new Error("abandoned");

/** The same where no `checked` stands between, which would note the stack when it is thrown. */
export class Abandoned {
  /** @param {object} where has the stack */
  constructor(where) {
    this.where = where;
  }
}

/**
 * To be made where the wait begins; called, it rejects.
 *
 * @param {(error: unknown) => void} reject
 */
export function rejecting(reject) {
  const where = {};
  Error.captureStackTrace(where);
  return () => reject(uncatchable(new Abandoned(where)));
}

export class Call {
  /** @type {Waiting | null} */
  waiting = null;

  /** @type {unknown} what `check` is to throw into the guest */
  failure = null;

  /** @type {() => void} */
  end = () => {};

  /** @type {Promise<void>} resolves when the call has ended */
  ended = new Promise((resolve) => (this.end = resolve));

  /**
   * @param {import("./instance.mjs").GuestInstance} instance
   * @param {number} id
   * @param {import("./plan.d.ts").ExportPlan} plan of its export
   */
  constructor(instance, id, plan) {
    this.instance = instance;
    this.id = id;
    this.plan = plan;
    this.stackPointer = instance.stackPointer?.value;
  }

  /**
   * Python has sent the results of a host call.
   *
   * @param {DataView} view
   * @param {number} at
   */
  resume(view, at) {
    const waiting = this.waiting;
    if (waiting === null || waiting.hostCall !== view.getUint32(at, true)) return;
    this.waiting = null;
    waiting.resolve(resultValue(read(waiting.kinds, view, at + 4, this.instance.references)));
  }

  /**
   * End the call at its wait.
   *
   * @param {number} [hostCall] only if it waits for that one
   * @returns {Promise<void> | undefined} resolves when it has ended
   */
  abandon(hostCall = this.waiting?.hostCall) {
    const waiting = this.waiting;
    if (waiting === null || waiting.hostCall !== hostCall) return undefined;
    this.waiting = null;
    if (waiting.reject !== null) {
      waiting.reject();
      return this.ended;
    }
    this.failure = ABANDONED;
    waiting.resolve(resultValue(waiting.kinds.map(zero))); // `check` throws
    return this.ended;
  }
}

/** Which call of an instance runs. */
export class CurrentCall {
  /** @type {any} the call that began or went on last: the one that runs, where calls do not overlap */
  latest = null;

  /** @type {AsyncLocalStorage<Call> | null} where they do */
  #storage;

  /** @param {boolean} concurrent whether calls overlap */
  constructor(concurrent) {
    this.#storage = concurrent ? new AsyncLocalStorage() : null;
  }

  /** @returns {Call} */
  get() {
    return this.#storage === null ? this.latest : (this.#storage.getStore() ?? this.latest);
  }

  /**
   * @template T
   * @param {Call} call
   * @param {() => T} action
   * @returns {T}
   */
  run(call, action) {
    this.latest = call;
    return this.#storage === null ? action() : this.#storage.run(call, action);
  }
}
