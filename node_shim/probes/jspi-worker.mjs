// JSPI in a worker
// needs jspi

import { AT_ONCE, ROUNDS } from "../detect/roundtrip.mjs";

const FILE = "../detect/worker.mjs";
const TIMEOUT_MS = 8000;

/** @param {import("../detect/run.mjs").ProbeTools} tools */
export default async function probe({ bytesOf }) {
  const web = typeof globalThis.Worker === "function";
  if (!web && globalThis.process === undefined) return { shown: "no", why: "no Worker" };
  const file = new URL(FILE, import.meta.url);
  const worker = web
    ? new Worker(file, { type: "module" })
    : new (await import("node:worker_threads")).Worker(file);
  const task = { bytes: bytesOf("round-trip"), rounds: ROUNDS, atOnce: AT_ONCE };
  try {
    return await new Promise((resolve, reject) => {
      const take = (/** @type {any} */ message) => (message.ready ? worker.postMessage(task) : resolve(message));
      if (web) {
        worker.onmessage = (/** @type {any} */ event) => take(event.data);
        worker.onerror = (/** @type {any} */ event) => reject(new Error(event.message ?? "the worker failed"));
      } else {
        worker.on("message", take);
        worker.on("error", reject);
      }
      setTimeout(() => reject(new Error(`no answer after ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS);
    });
  } finally {
    await worker.terminate();
  }
}
