// The process of a guest of the library that has one to itself: `node FLAGS guest.mjs FD BLOCKING_FD INCOMING_FD
// [CONTROL_FD]`, all open sockets. What is said on the first three: docs/wire-protocol.md, "Guests". The main stream has the first
// for what it sends and the third for what it gets. On the second one the guest calls only functions that do not wait, and its
// thread blocks meanwhile.
//
// With the fourth one, the guest lives in a Worker and this thread only waits: it answers requests where the guest computes.

import { Worker } from "node:worker_threads";

import { stackOf } from "../guest/pause.mjs";
import { functionsOf } from "../guest/profile.mjs";
import { serveSockets } from "../guest/sockets.mjs";
import { serveRequests } from "../transport/connection.mjs";

const [outgoing, blocking, incoming, control] = process.argv.slice(2).map(Number);

if (control === undefined) {
  serveSockets({ incoming, outgoing, blocking });
} else {
  const worker = new Worker(new URL("../guest/sockets-worker.mjs", import.meta.url), {
    workerData: { incoming, outgoing, blocking },
    trackUnmanagedFds: false,
  });
  worker.on("error", (/** @type {any} */ error) => process.stderr.write(`${error.stack ?? error}\n`));
  worker.on("exit", (status) => process.exit(status));
  const answer = async () => {
    const found = await stackOf(worker.threadId);
    return { stack: found.problem === undefined ? found : await functionsOf(worker) };
  };
  // The parent is gone. Not process.exit, which waits for the Worker: V8 ends no loop of memory.fill.
  serveRequests(control, answer, { quit: () => process.kill(process.pid, "SIGKILL") });
}
