// Where a Worker computes: by the inspector, which pauses it at the next loop or call. The inspector slows down what runs
// while it is connected, so it is connected only for this.

import inspector from "node:inspector";

import { later } from "./profile.mjs";

const PAUSE_TIMEOUT_MS = 2000;
const RESUME_TIMEOUT_MS = 200;
const AGAIN_MS = 100; // a request to pause may get lost while the debugger is being enabled
const FRAMES_LIMIT = 50;

/**
 * Where the only Worker of the process computes. With several Workers V8 often does not pause the one that it is asked to, and
 * it pauses none in a loop of memory.fill or the like (profile.mjs is for these).
 *
 * @param {number} threadId
 * @returns {Promise<{frames?: [number, number][], problem?: string}>} of each frame of wasm, innermost first, its module's size and its offset there
 */
export async function stackOf(threadId) {
  const session = new inspector.Session();
  const pausing = new Pausing(session, threadId);
  try {
    session.connect();
    session.post("NodeWorker.enable", { waitForDebuggerOnStart: false });
    const problem = { problem: `it did not pause within ${PAUSE_TIMEOUT_MS} ms` };
    const found = await Promise.race([pausing.paused, later(PAUSE_TIMEOUT_MS, problem)]);
    pausing.resume();
    await Promise.race([pausing.resumed, later(RESUME_TIMEOUT_MS)]); // a Worker that is paused cannot be ended
    return found;
  } catch (error) {
    return { problem: String(error?.message ?? error) };
  } finally {
    session.disconnect();
  }
}

/** A Worker that is asked to pause until it has, and then to go on. */
class Pausing {
  #session;
  /** @type {string | null} of the inspector's session with the Worker */
  #id = null;
  /** @type {Map<string, number>} of modules, by script */
  #sizes = new Map();
  #messages = 0;
  /** @type {number | null} the message that ends the pause */
  #last = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #again;

  /**
   * @param {any} session
   * @param {number} threadId
   */
  constructor(session, threadId) {
    this.#session = session;
    this.paused = new Promise((resolve) => {
      this.resumed = new Promise((resumed) => {
        session.on("NodeWorker.receivedMessageFromWorker", (/** @type {any} */ { params: { sessionId, message } }) => {
          if (sessionId === this.#id) this.#take(JSON.parse(message), resolve, resumed);
        });
      });
    });
    session.on("NodeWorker.attachedToWorker", (/** @type {any} */ { params: { sessionId, workerInfo } }) => {
      if (workerInfo.workerId !== String(threadId)) return;
      this.#id = sessionId;
      this.#send("Debugger.enable");
      this.#send("Debugger.pause");
      this.#again = setInterval(() => this.#send("Debugger.pause"), AGAIN_MS);
    });
  }

  resume() {
    clearInterval(this.#again);
    if (this.#id !== null) this.#last = this.#send("Debugger.disable");
  }

  /** @param {string} method */
  #send(method) {
    const message = JSON.stringify({ id: ++this.#messages, method });
    this.#session.post("NodeWorker.sendMessageToWorker", { sessionId: this.#id, message });
    return this.#messages;
  }

  /**
   * @param {{id?: number, method?: string, params: any}} message
   * @param {(found: any) => void} paused
   * @param {(value?: any) => void} resumed
   */
  #take({ id, method, params }, paused, resumed) {
    if (method === "Debugger.scriptParsed" && params.scriptLanguage === "WebAssembly") this.#sizes.set(params.scriptId, params.endColumn);
    if (method === "Debugger.paused") {
      clearInterval(this.#again);
      const places = params.callFrames.map((/** @type {any} */ { location }) => [this.#sizes.get(location.scriptId), location.columnNumber]);
      paused({ frames: places.filter((/** @type {[number | undefined, number]} */ [size]) => size !== undefined).slice(0, FRAMES_LIMIT) });
    }
    if (id === this.#last) resumed();
  }
}
