// Rejections of promising calls that the program itself handles, observed without being the one who handles them.
//
// A promise is known from its making on: the engine's hook shows it as the first that is made after the call began. Until
// the program takes hold of it (`await` asks it for its constructor, all else goes by `then`) it has another prototype;
// properties of its own would cost four times as much. A reaction of ours is added only when the program has taken the
// promise and the promise settles: a second reaction before that would cut `at async …` off the stacks of errors.

"use strict";

const { promiseHooks } = require("node:v8");
const nativePromise = Promise.prototype;
const nativeThen = nativePromise.then;
const { create, getPrototypeOf, setPrototypeOf } = Object;
const { apply } = Reflect;

class Promises {
  #pending = new WeakMap(); // promise → what to do when it settles
  #count = 0;
  #stopSettled = null;
  #stopMade = null;
  #guard;

  /** @param {(piece: () => void) => void} guard runs a piece of the observer */
  constructor(guard) {
    this.#guard = guard;
  }

  /** The next promise that is made is one that `note` is to be told the rejection of. */
  expect(note) {
    this.#stopMade?.();
    const stop = promiseHooks.onInit((promise) => {
      stop();
      this.#guard(() => this.#watch(promise, note));
    });
    this.#stopMade = stop;
  }

  #watch(promise, note) {
    this.#stopMade = null;
    const told = { note, taken: false, settled: false };
    this.#pending.set(promise, told);
    this.#count++;
    this.#stopSettled ??= promiseHooks.onSettled((each) => this.#guard(() => this.#settled(each)));
    setPrototypeOf(promise, this.#watched);
  }

  /** Nobody has taken a promise that was rejected, and the program gets to see it. */
  release(promise) {
    if (this.#pending.delete(promise)) setPrototypeOf(promise, nativePromise);
  }

  #settled(promise) {
    const told = this.#pending.get(promise);
    if (told === undefined || told.settled) return;
    told.settled = true;
    if (told.taken) this.#react(promise, told);
    if (--this.#count > 0) return;
    this.#stopSettled();
    this.#stopSettled = null;
  }

  #react(promise, { note }) {
    this.#pending.delete(promise);
    apply(nativeThen, promise, [undefined, note]);
  }

  #take(promise) {
    if (getPrototypeOf(promise) !== this.#watched) return;
    setPrototypeOf(promise, nativePromise);
    const told = this.#pending.get(promise);
    if (told === undefined) return;
    told.taken = true;
    if (told.settled) this.#react(promise, told);
  }

  #property(name) {
    const take = (promise) => this.#take(promise);
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

module.exports = { Promises };
