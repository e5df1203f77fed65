// The Worker that a guest lives in. Its streams go through the main thread of its process, in messages. The blocking stream is
// read from a port without going back to the event loop.

import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";

import { serve } from "./serve.mjs";

const { signal, blocking: port } = workerData;
const main = /** @type {import("node:worker_threads").MessagePort} */ (parentPort);

/** What is left of the bytes that came last on the blocking stream. */
let rest = Buffer.alloc(0);

/** @type {import("./blocking.mjs").BlockingStream} */
const blocking = {
  write(bytes) {
    main.postMessage([true, new Uint8Array(bytes)]);
  },
  read(buffer, at, end) {
    while (rest.length === 0) {
      const seen = Atomics.load(signal, 0);
      const found = receiveMessageOnPort(port);
      if (found === undefined) Atomics.wait(signal, 0, seen);
      else rest = Buffer.from(found.message.buffer, found.message.byteOffset, found.message.length);
    }
    const got = Math.min(end - at, rest.length);
    rest.copy(buffer, at, 0, got);
    rest = rest.subarray(got);
    return got;
  },
};

/** @param {Uint8Array[]} parts */
const write = (...parts) => {
  for (const part of parts) main.postMessage([false, new Uint8Array(part)]);
};
const server = serve(write, blocking);
main.on("message", (bytes) => server.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)));
