// What a thread that a guest lives in does with Python's frames (docs/wire-protocol.md, "Guests").

import { JspiSwitching } from "../jspi/switching.mjs";
import { answerRequest, greeting } from "../transport/connection.mjs";
import { FrameReader, FrameWriter, KIND as MESSAGE, readMessage } from "../transport/frames.mjs";
import { answerNow, BlockingLink } from "./blocking.mjs";
import { GuestInstance } from "./instance.mjs";
import { KIND } from "./kinds.mjs";

const STACK_LIMIT = 50; // of what waits and of what traps, the innermost frames

class Server {
  /** @type {Map<number, import("./instance.mjs").Compiled>} */
  #modules = new Map();
  /** @type {Map<number, GuestInstance>} */
  #instances = new Map();
  #thread;
  #reader = new FrameReader((kind, view, at, end) => this.#take(kind, view, at, end));
  #hasScripts = false;

  /**
   * @param {(...parts: Uint8Array[]) => void} write
   * @param {import("./blocking.mjs").BlockingStream} blocking
   */
  constructor(write, blocking) {
    this.writer = new FrameWriter(write);
    /** @type {import("./plan.d.ts").GuestThread} */
    this.#thread = { writer: this.writer, calls: new Map(), blocking: new BlockingLink(blocking, this.#instances) };
  }

  /**
   * Take the next bytes of the main stream.
   *
   * @param {Buffer} chunk
   * @param {number} [size] how many bytes of it have come
   */
  push(chunk, size) {
    this.#reader.push(chunk, size);
  }

  /** Whether nothing can happen in this thread before Python sends something: its only call waits for that. */
  get onlyWaits() {
    const { calls } = this.#thread;
    if (calls.size !== 1 || this.#hasScripts || this.#reader.isBusy) return false;
    const [call] = calls.values();
    return call.waiting !== null;
  }

  /** @type {import("../transport/frames.mjs").TakeFrame} */
  #take(kind, view, at, end) {
    const { calls } = this.#thread;
    switch (kind) {
      case KIND.HOST_RESULT:
        calls.get(view.getUint32(at, true))?.resume(view, at + 4);
        return undefined;
      case KIND.CALL:
        this.#instance(view.getUint32(at, true)).begin(view, at + 4);
        return undefined;
      case KIND.ABANDON:
        return calls.get(view.getUint32(at, true))?.abandon();
      case KIND.HOST_REJECT:
        // What comes after this frame finds the guest unwound.
        return calls.get(view.getUint32(at, true))?.abandon(view.getUint32(at + 4, true));
      case KIND.CALL_NOW:
      case KIND.READ:
      case KIND.WRITE:
        answerNow(kind, view, at, end, this.#instances, this.writer);
        return undefined;
      case MESSAGE.REQUEST:
        return answerRequest(this.writer, readMessage(view, at), (request, parts) => this.#requests[request.type](request, parts));
      default:
        throw new Error(`unknown frame ${kind}`);
    }
  }

  /** @param {number} number */
  #instance(number) {
    return /** @type {GuestInstance} */ (this.#instances.get(number));
  }

  /** @type {Record<string, (request: any, parts: Uint8Array[]) => any>} */
  #requests = {
    compile: ({ module }, [bytes]) => {
      const switching = new JspiSwitching();
      this.#modules.set(module, { module: switching.compile(bytes.slice()), switching });
    },
    instantiate: async (/** @type {import("./plan.d.ts").GuestPlan} */ plan) => {
      const { switching } = /** @type {import("./instance.mjs").Compiled} */ (this.#modules.get(plan.module));
      const instance = new GuestInstance(this.#thread, plan, switching);
      this.#hasScripts ||= plan.imports.some(({ script }) => script !== null); // they may set timers
      const failure = await instance.instantiate(this.#modules);
      if (failure === null) this.#instances.set(plan.instance, instance);
      return { failure, size: instance.memories.size };
    },
    grow: ({ instance, memory, pages }) => this.#instance(instance).memories.grow(memory, pages),
    global: ({ instance, name, value }) => this.#instance(instance).global(name, value),
    output: ({ instance }) => ({ parts: this.#instances.get(instance)?.output() ?? [] }),
    drop: ({ instance }) => void this.#instances.delete(instance),
  };
}

/**
 * Begin, and greet.
 *
 * @param {(...parts: Uint8Array[]) => void} write sends bytes on the main stream
 * @param {import("./blocking.mjs").BlockingStream} blocking the blocking stream
 */
export function serve(write, blocking) {
  Error.stackTraceLimit = STACK_LIMIT;
  process.on("unhandledRejection", () => {});
  const server = new Server(write, blocking);
  server.writer.message(MESSAGE.HELLO, 0, greeting());
  return server;
}
