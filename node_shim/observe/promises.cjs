// Rejections of promising calls that the program itself handles, observed without being the one who handles them.
//
// A promise is known from its making on: the engine's hook shows it as the first that is made after the call began. Until
// the program handles it (`await` asks it for its constructor, all else goes by `then`) it has another prototype;
// properties of its own would cost four times as much. A reaction of ours is added only when the program has taken the
// promise and the promise settles: a second reaction before that would cut `at async …` off the stacks of errors.

"use strict";

const { promiseHooks } = require("node:v8");
const nativePromise = Promise.prototype;
const nativeThen = nativePromise.then;
const { create, getPrototypeOf, setPrototypeOf } = Object;
const { apply } = Reflect;

/** @typedef {{note: (error: any) => void, ended: () => void, taken: boolean, settled: boolean}} Pending what to do when a promise settles */

class RejectionWatcher {
  /** @type {WeakMap<Promise<any>, Pending>} */
  #pending = new WeakMap();
  #count = 0;
  /** @type {Function | null} */
  #stopSettled = null;
  /** @type {Function | null} */
  #stopMade = null;
  #part;

  /** @param {import("./part.cjs").TracePart} part */
  constructor(part) {
    this.#part = part;
  }

  /**
   * Watch the next promise that is made.
   *
   * @param {(error: any) => void} note is called with its rejection
   * @param {() => void} ended is called when it settles
   */
  expect(note, ended) {
    this.#stopMade?.();
    const stop = this.next((promise) => this.#watch(promise, note, ended));
    this.#stopMade = () => {
      stop();
      ended(); // the call before has thrown, without a promise
    };
  }

  /**
   * Have the next promise that is made.
   *
   * @param {(promise: Promise<any>) => void} take
   * @returns {Function} no longer
   */
  next(take) {
    /** @type {Function} */
    const stop = promiseHooks.onInit((promise) => {
      stop();
      this.#part.guard(() => take(promise));
    });
    return stop;
  }

  /** @type {(promise: Promise<any>, note: (error: any) => void, ended: () => void) => void} */
  #watch(promise, note, ended) {
    this.#stopMade = null;
    this.#pending.set(promise, { note, ended, taken: false, settled: false });
    this.#count++;
    this.#stopSettled ??= promiseHooks.onSettled((each) => this.#part.guard(() => this.#settled(each)));
    setPrototypeOf(promise, this.#watched);
  }

  /**
   * Whether a promise is that of a promising call.
   *
   * @param {Promise<any>} promise
   */
  isOfPromisingCall(promise) {
    return this.#pending.has(promise);
  }

  /**
   * Nobody has handled a promise that was rejected, and the program gets to see it.
   *
   * @param {Promise<any>} promise
   */
  release(promise) {
    if (this.#pending.delete(promise)) setPrototypeOf(promise, nativePromise);
  }

  /** @param {Promise<any>} promise */
  #settled(promise) {
    const pending = this.#pending.get(promise);
    if (pending === undefined || pending.settled) return;
    pending.settled = true;
    pending.ended();
    if (pending.taken) this.#react(promise, pending);
    if (--this.#count > 0) return;
    this.#stopSettled?.();
    this.#stopSettled = null;
  }

  /** @type {(promise: Promise<any>, pending: Pending) => void} */
  #react(promise, { note }) {
    this.#pending.delete(promise);
    apply(nativeThen, promise, [undefined, note]);
  }

  /** @param {Promise<any>} promise */
  #take(promise) {
    if (getPrototypeOf(promise) !== this.#watched) return;
    setPrototypeOf(promise, nativePromise);
    const pending = this.#pending.get(promise);
    if (pending === undefined) return;
    pending.taken = true;
    if (pending.settled) this.#react(promise, pending);
  }

  /** @type {(name: "constructor" | "then") => PropertyDescriptor & ThisType<any>} */
  #property(name) {
    const take = (/** @type {Promise<any>} */ promise) => this.#take(promise);
    return {
      configurable: true,
      enumerable: false,
      get() {
        take(this);
        return nativePromise[name];
      },
      set(value) {
        take(this);
        this[name] = value;
      },
    };
  }

  #watched = create(nativePromise, { constructor: this.#property("constructor"), then: this.#property("then") });
}

exports.RejectionWatcher = RejectionWatcher;
