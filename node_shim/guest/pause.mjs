// Where a Worker computes: by the inspector, which pauses it at the next loop or call. The inspector slows down what runs
// while it is connected, so it is connected only for this.

import inspector from "node:inspector";

const PAUSE_TIMEOUT_MS = 2000;
const FRAMES_LIMIT = 50;

let last = Promise.resolve(); // one at a time: a session is attached to all Workers

/** @returns {Promise<{frames: [number, number][]} | {problem: string}>} of each frame of wasm, innermost first, its module's size and its offset there */
export function stackOf(threadId) {
  const found = last.then(() => pausedStack(threadId));
  last = found;
  return found;
}

async function pausedStack(threadId) {
  const session = new inspector.Session();
  let timer;
  try {
    session.connect();
    return await new Promise((resolve) => {
      timer = setTimeout(() => resolve({ problem: `it did not pause within ${PAUSE_TIMEOUT_MS} ms` }), PAUSE_TIMEOUT_MS);
      listen(session, threadId, resolve);
    });
  } catch (error) {
    return { problem: String(error?.message ?? error) };
  } finally {
    clearTimeout(timer);
    session.disconnect(); // what was paused goes on
  }
}

function listen(session, threadId, resolve) {
  const sizes = new Map(); // of modules, by script
  session.on("NodeWorker.attachedToWorker", ({ params: { sessionId, workerInfo } }) => {
    if (workerInfo.workerId !== String(threadId)) return;
    for (const [at, method] of ["Debugger.enable", "Debugger.pause"].entries()) {
      session.post("NodeWorker.sendMessageToWorker", { sessionId, message: JSON.stringify({ id: at + 1, method }) });
    }
  });
  session.on("NodeWorker.receivedMessageFromWorker", ({ params: { message } }) => {
    const { method, params } = JSON.parse(message);
    if (method === "Debugger.scriptParsed" && params.scriptLanguage === "WebAssembly") sizes.set(params.scriptId, params.endColumn);
    if (method !== "Debugger.paused") return;
    const places = params.callFrames.map(({ location }) => [sizes.get(location.scriptId), location.columnNumber]);
    resolve({ frames: places.filter(([size]) => size !== undefined).slice(0, FRAMES_LIMIT) });
  });
  session.post("NodeWorker.enable", { waitForDebuggerOnStart: false });
}
