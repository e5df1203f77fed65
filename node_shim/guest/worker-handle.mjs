// A guest's Worker, as the main thread of its process has it.

import { Worker } from "node:worker_threads";

import { functionsOf } from "./profile.mjs";

/** What a frame of the process is; stackswitch/backends/node/guests/shared_process.py has the same. */
export const OP = {
  HELLO: 0,
  BEGIN: 1, // a Worker, for the seat of this number
  FIRST: 2, // bytes of the guest's first stream
  SECOND: 3, // and of its second
  END: 4,
  STACK: 5,
  ENDED: 6,
};
export const SEAT_BYTES = 4;

const FILE = new URL("./worker.mjs", import.meta.url);

export class Seat {
  #worker;
  #signal = new Int32Array(new SharedArrayBuffer(4)); // how often bytes came on the second stream
  #second = new MessageChannel();
  #isEnding = false;

  /**
   * @param stackMb of the Worker's own native stack; heapMb of its heap: one that uses it up is ended, null: as much as V8 gives
   * @param say sends bytes of the guest's: a frame's kind, and they
   */
  constructor({ stackMb, heapMb }, say) {
    this.#worker = new Worker(FILE, {
      workerData: { signal: this.#signal, second: this.#second.port2 },
      transferList: [this.#second.port2],
      resourceLimits: { stackSizeMb: stackMb, maxOldGenerationSizeMb: heapMb ?? undefined },
      trackUnmanagedFds: false,
    });
    this.#second.port1.unref();
    this.#worker.on("message", ([isSecond, bytes]) => say(isSecond ? OP.SECOND : OP.FIRST, bytes));
    let why = null;
    this.#worker.on("error", (error) => (why ??= `${error.code ?? error.name}: ${error.message}`));
    /** Comes true with how it ended. */
    this.ended = new Promise((resolve) =>
      this.#worker.once("exit", (status) => {
        this.#second.port1.close();
        resolve(why ?? (this.#isEnding ? "it was ended" : `it ended with exit status ${status}`));
      }),
    );
  }

  first(bytes) {
    this.#worker.postMessage(bytes.slice());
  }

  second(bytes) {
    this.#second.port1.postMessage(bytes.slice());
    Atomics.add(this.#signal, 0, 1);
    Atomics.notify(this.#signal, 0);
  }

  /** A loop of the guest's ends, too. */
  end() {
    this.#isEnding = true;
    this.#worker.terminate();
  }

  /** Where it computes: frames, or the problem. */
  stack() {
    return functionsOf(this.#worker);
  }
}
