// A process that many guests of the library live in, each in a Worker of its own: `node FLAGS guests.mjs FD`.
//
// This thread only passes on what Python and the Workers say to each other (docs/wire-protocol.md, "Many guests in a
// process"), ends Workers, and looks where they compute. It runs nothing of a guest's, so no guest can keep it waiting.

import { KIND } from "../guest/kinds.mjs";
import { GuestWorker } from "../guest/worker-handle.mjs";
import { serveRequests } from "../transport/connection.mjs";
import { BODY, FrameWriter, KIND as MESSAGE, readMessage } from "../transport/frames.mjs";

const NUMBER_BYTES = 4;

/** @type {Map<number, GuestWorker>} */
const threads = new Map();

/**
 * Send bytes of a guest's.
 *
 * @param {number} kind
 * @param {number} number
 * @param {Uint8Array} bytes
 */
function send(kind, number, bytes) {
  const frame = FrameWriter.frame(kind, NUMBER_BYTES + bytes.length);
  frame.writeUInt32LE(number, BODY);
  frame.set(bytes, BODY + NUMBER_BYTES);
  writer.send(frame);
}

/** @param {{thread: number, stackMb: number, heapMb: number | null}} message */
function begin({ thread: number, stackMb, heapMb }) {
  const thread = new GuestWorker({ stackMb, heapMb }, (isBlocking, bytes) => send(isBlocking ? KIND.BLOCKING : KIND.MAIN, number, bytes));
  threads.set(number, thread);
  thread.ended.then((how) => {
    threads.delete(number);
    writer.message(MESSAGE.EVENT, 0, { type: "ended", thread: number, how });
  });
}

/** @type {import("../transport/frames.mjs").TakeFrame} */
function take(kind, view, at, end) {
  if (kind === MESSAGE.EVENT) {
    const { content } = readMessage(view, at);
    if (content.type === "begin") begin(content);
    else threads.get(content.thread)?.end();
    return undefined;
  }
  if (kind !== KIND.MAIN && kind !== KIND.BLOCKING) throw new Error(`unknown frame ${kind}`);
  const thread = threads.get(view.getUint32(at, true)); // if it has ended meanwhile, Python is sent that
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at + NUMBER_BYTES, end - at - NUMBER_BYTES);
  if (kind === KIND.MAIN) thread?.send(bytes);
  else thread?.sendBlocking(bytes);
  return undefined;
}

const answer = async (/** @type {{thread: number}} */ { thread }) => ({ stack: (await threads.get(thread)?.stack()) ?? { problem: "the thread has ended" } });
const writer = serveRequests(process.argv[2], answer, {
  take,
  // The parent is gone. Not process.exit, which waits for Workers: V8 ends no loop of memory.fill.
  quit: () => process.kill(process.pid, "SIGKILL"),
});
