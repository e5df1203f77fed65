// Calls one after another, for instances whose C stack cannot be reached.

/** Each call begins when none is under way, save those that a call under way waits for. */
export class CallQueue {
  #open = 0;
  /** @type {(() => void)[]} */
  #waiting = [];

  /**
   * @template T
   * @param {() => Promise<T>} enter begins the call
   * @param {boolean} isNested the call under way waits for this one, so this one ends first
   * @param {() => void} onWait called when the call has to wait for another to end
   * @returns {Promise<T>}
   */
  begin(enter, isNested, onWait) {
    if (isNested || this.#open === 0) {
      this.#open++;
      return this.#run(enter);
    }
    onWait();
    const ready = new Promise((resolve) => this.#waiting.push(() => resolve(undefined)));
    return ready.then(() => this.#run(enter)); // by `then`, so that it runs in its own asynchronous context
  }

  /**
   * @template T
   * @param {() => Promise<T>} enter
   */
  #run(enter) {
    const end = () => {
      if (--this.#open > 0 || this.#waiting.length === 0) return;
      this.#open++; // now, for another might begin before the next one does
      this.#waiting.shift()?.();
    };
    try {
      return enter().finally(end);
    } catch (error) {
      end();
      throw error;
    }
  }
}

/** Calls of an instance whose C stack cannot be reached. */
export class QueuedCalls {
  #queue = new CallQueue();
  #onWait;

  /** @param {() => void} onWait called when a call has to wait for another to end */
  constructor(onWait) {
    this.#onWait = onWait;
  }

  /**
   * @param {Function} exported
   * @param {boolean} isNested whether a call under way waits for these
   * @returns {import("./switching.mjs").Entry}
   */
  promising(exported, isNested) {
    const enter = WebAssembly.promising(exported);
    return (args, returned, failed) => this.#queue.begin(() => enter(...args), isNested, this.#onWait).then(returned, failed);
  }
}
