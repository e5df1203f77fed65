// Calls of an instance that gives each a C stack of its own (stackswitch/transform/reentrant): its wasm switches stacks. What
// wasm cannot know is here: that a call has ended by a trap, or by an error that nothing of the guest's may catch.

/**
 * Exports of such an instance: what number the next call has (0: there is no room for its C stack), given whether it is alone;
 * and that a call failed.
 */
const NEXT_CALL = "stackswitch.next_call";
const CALL_FAILED = "stackswitch.call_failed";

/** Calls of its exports that never wait: those that the transform leaves as they are, for they call nothing. */
export class CallsWithoutWaits {
  #pointer;

  /** @param {WebAssembly.Global | undefined} pointer of the C stack */
  constructor(pointer) {
    this.#pointer = pointer;
  }

  /**
   * @param {Function} exported
   * @returns {import("./switching.mjs").Entry}
   */
  promising(exported) {
    const run = this.plain(exported);
    return async (args, returned, failed) => {
      let value;
      try {
        value = run(...args);
      } catch (error) {
        return failed(error);
      }
      returned(value);
    };
  }

  /** @param {Function} exported */
  plain(exported) {
    return (/** @type {unknown[]} */ ...args) => {
      const before = this.#pointer?.value;
      try {
        return exported(...args);
      } catch (error) {
        if (this.#pointer !== undefined) this.#pointer.value = before;
        throw error;
      }
    };
  }
}

export class CStacks {
  #next;
  #failed;
  #open = 0;
  /** @type {(() => void)[]} */
  #waiting = [];
  #onWait;

  /** Whether a call has left its C stack: the guest's memory may hold anything. */
  isDamaged = false;

  /**
   * @param {WebAssembly.Exports} exports
   * @param {() => void} onWait called when a call has to wait for another to end
   */
  constructor(exports, onWait) {
    this.#next = exports[NEXT_CALL];
    this.#failed = exports[CALL_FAILED];
    this.#onWait = onWait;
  }

  /**
   * @param {Function} exported
   * @param {boolean} isNested whether a call under way waits for these, which then cannot wait for that
   * @returns {import("./switching.mjs").Entry}
   */
  promising(exported, isNested) {
    const enter = WebAssembly.promising(exported);
    return (args, returned, failed) => this.#begin(enter, args, isNested, returned, failed);
  }

  /**
   * The export for ordinary calls.
   *
   * @param {Function} exported
   */
  plain(exported) {
    return (/** @type {unknown[]} */ ...args) => {
      const number = this.#next(this.#isAlone);
      try {
        return exported(...args);
      } catch (error) {
        this.#giveBack(number);
        throw error;
      }
    };
  }

  /**
   * @param {(...args: unknown[]) => Promise<any>} enter
   * @param {unknown[]} args
   * @param {boolean} isNested
   * @param {(value: any) => void} returned
   * @param {(error: any) => void} failed
   * @returns {Promise<void>}
   */
  #begin(enter, args, isNested, returned, failed) {
    let number = 0;
    let promise;
    try {
      number = this.#next(this.#isAlone);
    } catch (error) {
      return Promise.reject(error).catch(failed); // the guest's malloc trapped
    }
    if (number === 0 && this.#open > 0 && !isNested) {
      this.#onWait();
      const ready = new Promise((resolve) => this.#waiting.push(() => resolve(undefined)));
      return ready.then(() => this.#begin(enter, args, false, returned, failed)); // by `then`, in its own asynchronous context
    }
    this.#open++;
    try {
      promise = enter(...args);
    } catch (error) {
      promise = Promise.reject(error);
    }
    return promise.then(
      (value) => {
        this.#ended();
        returned(value);
      },
      (error) => {
        this.#giveBack(number);
        this.#ended();
        failed(error);
      },
    );
  }

  /** Whether a call that begins now has the module's own C stack. */
  get #isAlone() {
    return this.#open === 0 ? 1 : 0;
  }

  /** @param {number} number of a call that failed */
  #giveBack(number) {
    try {
      this.#failed(number);
    } catch {
      this.isDamaged = true; // it has written below its C stack
    }
  }

  #ended() {
    this.#open--;
    if (this.#waiting.length > 0) this.#waiting.shift()?.();
  }
}
