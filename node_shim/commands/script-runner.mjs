// Runs a Node program as a Worker: one of its own, or one that takes one script after another.

import { resolve } from "node:path";
import { Worker } from "node:worker_threads";

/**
 * @typedef {object} ScriptRequest
 * @property {string} script
 * @property {string[]} args
 * @property {string} cwd
 * @property {Record<string, string>} env
 * @property {number} stack_mb of the Worker's native stack
 * @property {number} most_stdout bytes
 */
/** @typedef {{status: number | null, stdout?: Uint8Array, stderr?: Uint8Array}} Ended `status` null: the script has to run in a process of its own */

const MOST_RUNS = 25; // of a Worker that is used again: what its scripts leave behind adds up
const READY_MS = 200;
const REUSED = new URL("./reused-worker.mjs", import.meta.url);

/**
 * Start a Worker.
 *
 * @param {string | URL} script
 * @param {ScriptRequest} request
 * @param {string[]} args
 * @param {any} workerData
 * @param {(name: "stdout" | "stderr", chunk: Buffer) => void} print gets what the Worker prints itself
 */
function start(script, { env, stack_mb: stackSizeMb }, args, workerData, print) {
  const worker = new Worker(script, { argv: args, env, workerData, stdin: true, stdout: true, stderr: true, resourceLimits: { stackSizeMb } });
  worker.stdin?.end();
  for (const name of /** @type {const} */ (["stdout", "stderr"])) worker[name].on("data", (chunk) => print(name, chunk));
  worker.on("error", (/** @type {any} */ error) => print("stderr", Buffer.from(`${error?.stack ?? error}\n`)));
  return worker;
}

/**
 * Run a script in a Worker of its own.
 *
 * @param {ScriptRequest} request
 * @returns {Promise<Ended>}
 */
export function runOnce(request) {
  return new Promise((done) => {
    /** @type {Record<string, Buffer[]>} */
    const printed = { stdout: [], stderr: [] };
    let size = 0;
    let tooMuch = false;
    const worker = start(resolve(request.script), request, request.args, undefined, (name, chunk) => {
      printed[name].push(chunk);
      if (name === "stdout") size += chunk.length;
      if (size <= request.most_stdout || tooMuch) return;
      tooMuch = true;
      worker.terminate();
    });
    worker.on("exit", (status) => {
      done({ status: tooMuch ? null : status, stdout: Buffer.concat(printed.stdout), stderr: Buffer.concat(printed.stderr) });
    });
  });
}

/**
 * What of a request holds for all runs of a Worker: it is read when that starts.
 *
 * @param {ScriptRequest} request
 */
function settingsOf({ env, stack_mb: stackMb, most_stdout: most }) {
  const names = Object.keys(env).filter((name) => name === "NODE_OPTIONS" || (name.startsWith("STACKSWITCH_") && name !== "STACKSWITCH_TRACE"));
  return JSON.stringify([stackMb, most, names.sort().map((name) => [name, env[name]])]);
}

/** A Worker that takes one script after another. */
class ReusedWorker {
  #worker;
  #runs = 0;
  #gone = false;
  #strayed = false; // it has printed past its script
  /** @type {(ended: Ended) => void} */
  #ended = () => {};
  /** @type {(value: boolean) => void} */
  #becomesReady = () => {};
  /** @type {Promise<boolean>} */
  #ready = Promise.resolve(true);

  /** @param {ScriptRequest} request the first one */
  constructor(request) {
    this.#worker = start(REUSED, request, [], { most: request.most_stdout }, () => (this.#strayed = true));
    this.settings = settingsOf(request);
    this.#worker.on("message", ({ ended, ready }) => {
      if (ended) this.#ended(ended);
      if (ready) this.#becomesReady(true);
    });
    this.#worker.on("exit", () => {
      this.#gone = true;
      this.#ended({ status: null });
      this.#becomesReady(false);
    });
  }

  /** @param {ScriptRequest} request */
  async canRun(request) {
    return this.settings === settingsOf(request) && this.#runs < MOST_RUNS && (await this.#ready) && !this.#gone;
  }

  /**
   * @param {ScriptRequest} request
   * @returns {Promise<Ended>}
   */
  async run({ script, args, env }) {
    this.#runs++;
    /** @type {Promise<Ended>} */
    const ended = new Promise((done) => (this.#ended = done));
    /** @type {Promise<boolean>} */
    const ready = new Promise((done) => (this.#becomesReady = done));
    this.#worker.postMessage({ script, args, env });
    const answer = await ended;
    this.#ready = Promise.race([ready, new Promise((done) => setTimeout(done, READY_MS, false))]);
    return this.#strayed ? { status: null } : answer;
  }

  terminate() {
    void this.#worker.terminate(); // not waited for: that was seen to take seconds
  }
}

/** @type {ReusedWorker | null} */
let reused = null;

/**
 * Run a script in the Worker that is used again.
 *
 * @param {ScriptRequest} request
 */
export async function runReused(request) {
  if (reused === null || !(await reused.canRun(request))) {
    reused?.terminate();
    reused = new ReusedWorker(request);
  }
  return await reused.run(request);
}
