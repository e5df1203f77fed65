// A guest's Worker, as the main thread of its process has it.

import { Worker } from "node:worker_threads";

import { functionsOf } from "./profile.mjs";

const FILE = new URL("./worker.mjs", import.meta.url);

export class GuestWorker {
  #worker;
  #signal = new Int32Array(new SharedArrayBuffer(4)); // how often bytes came on the blocking stream
  #blocking = new MessageChannel();
  #isEnding = false;

  /**
   * @param {{stackMb: number, heapMb: number | null}} limits of its native stack and of its heap: one that uses that up is ended,
   *   null: as much as V8 gives
   * @param {(isBlocking: boolean, bytes: Uint8Array) => void} send sends bytes of the guest's: of its blocking stream, or its main one
   */
  constructor({ stackMb, heapMb }, send) {
    this.#worker = new Worker(FILE, {
      workerData: { signal: this.#signal, blocking: this.#blocking.port2 },
      transferList: [this.#blocking.port2],
      resourceLimits: { stackSizeMb: stackMb, maxOldGenerationSizeMb: heapMb ?? undefined },
      trackUnmanagedFds: false,
    });
    this.#blocking.port1.unref();
    this.#worker.on("message", ([isBlocking, bytes]) => send(isBlocking, bytes));
    /** @type {string | undefined} */
    let why;
    this.#worker.on("error", (/** @type {any} */ error) => (why ??= `${error.code ?? error.name}: ${error.message}`));
    /** @type {Promise<string>} resolves to how it ended */
    this.ended = new Promise((resolve) =>
      this.#worker.once("exit", (status) => {
        this.#blocking.port1.close();
        resolve(why ?? (this.#isEnding ? "it was ended" : `it ended with exit status ${status}`));
      }),
    );
  }

  /** @param {Uint8Array} bytes of the main stream */
  send(bytes) {
    this.#worker.postMessage(bytes.slice());
  }

  /** @param {Uint8Array} bytes of the blocking stream */
  sendBlocking(bytes) {
    this.#blocking.port1.postMessage(bytes.slice());
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
