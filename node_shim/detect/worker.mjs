// Runs in a worker, of the web's kind or of Node's: the round trip, on request.

import { roundTrips } from "./roundtrip.mjs";

const port = globalThis.postMessage ? globalThis : (await import("node:worker_threads")).parentPort;
const answer = async ({ bytes, rounds, atOnce }) => {
  try {
    port.postMessage(await roundTrips(globalThis, "promising", bytes, rounds, atOnce));
  } catch (error) {
    port.postMessage({ shown: "no", why: `${error}` });
  }
};
if (port === globalThis) globalThis.onmessage = (event) => answer(event.data);
else port.once("message", answer);
port.postMessage({ ready: true });
