// The process of a guest of the library that has one to itself: `node FLAGS guest.mjs FD BLOCKING_FD [WATCH_FD]`, all open
// sockets. What is said on the first two: docs/wire-protocol.md, "Guests". On the second one only the functions that do not
// wait are asked for, and the guest stands still meanwhile.
//
// With the third one, the guest lives in a Worker and this thread only waits: for each byte on that socket it answers a line of
// JSON, where the guest computes.

import net from "node:net";
import { Worker } from "node:worker_threads";

import { stackOf } from "../guest/pause.mjs";
import { functionsOf } from "../guest/profile.mjs";
import { serveSockets } from "../guest/sockets.mjs";

const [first, second, watch] = process.argv.slice(2).map(Number);

if (watch === undefined) {
  serveSockets(first, second);
} else {
  const worker = new Worker(new URL("../guest/sockets-worker.mjs", import.meta.url), {
    workerData: { first, second },
    trackUnmanagedFds: false,
  });
  worker.on("error", (error) => process.stderr.write(`${error.stack ?? error}\n`));
  worker.on("exit", (status) => process.exit(status));
  const socket = new net.Socket({ fd: watch, readable: true, writable: true });
  socket.on("data", async () => {
    let found = await stackOf(worker.threadId);
    if (found.problem !== undefined) found = await functionsOf(worker);
    socket.write(`${JSON.stringify(found)}\n`);
  });
  // The parent is gone. Not process.exit, which waits for the Worker: V8 ends no loop of memory.fill.
  const quit = () => process.kill(process.pid, "SIGKILL");
  socket.on("error", quit);
  socket.on("end", quit);
}
