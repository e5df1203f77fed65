// Runs in a worker, of the web's kind or of Node's: the round trip, on request.

import { roundTrips } from "./roundtrip.mjs";

const isWeb = typeof globalThis.postMessage === "function";
/** @type {any} */
const port = isWeb ? globalThis : (await import("node:worker_threads")).parentPort;
/** @param {{bytes: Uint8Array, rounds: number, atOnce: number}} task */
const answer = async ({ bytes, rounds, atOnce }) => {
  try {
    port.postMessage(await roundTrips(globalThis, "promising", bytes, rounds, atOnce));
  } catch (error) {
    port.postMessage({ shown: "no", why: `${error}` });
  }
};
if (isWeb) port.onmessage = (/** @type {{data: any}} */ event) => answer(event.data);
else port.once("message", answer);
port.postMessage({ ready: true });
