// The Worker that a guest lives in. What it says and hears goes through the main thread of its process, in messages; while the
// guest stands still, through a port that is read without going back to the event loop.

import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";

import { serve } from "./serve.mjs";

const { signal, second } = workerData;

/** Bytes that came on the second stream, and what is left of the first of them. */
let rest = Buffer.alloc(0);

const blocking = {
  write(bytes) {
    parentPort.postMessage([true, new Uint8Array(bytes)]);
  },
  read(buffer, at, end) {
    while (rest.length === 0) {
      const seen = Atomics.load(signal, 0);
      const found = receiveMessageOnPort(second);
      if (found === undefined) Atomics.wait(signal, 0, seen);
      else rest = Buffer.from(found.message.buffer, found.message.byteOffset, found.message.length);
    }
    const got = Math.min(end - at, rest.length);
    rest.copy(buffer, at, 0, got);
    rest = rest.subarray(got);
    return got;
  },
};

const push = serve((data) => parentPort.postMessage([false, new Uint8Array(data)]), blocking);
parentPort.on("message", (bytes) => push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)));
