// The Worker of bin/commands.mjs that takes one script after another: what the first has loaded and the engine has made of it
// stays for the next. A script is run by importing it anew; what it imports is loaded once.
//
// A message in: {"script", "args", "env"}; out: {"ended": {"status", "stdout", "stderr"}} when the script ends, status null if
// only a process of its own can tell how (it threw, printed too much, left something waiting). Then, when nothing of it is
// left in the event loop, {"ready": true}: a script that lives on spoils this Worker for the next.

import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";

/** @typedef {{stdout: Buffer[], stderr: Buffer[], size: number, loaded?: boolean}} Running a script that has not ended */

const require = createRequire(import.meta.url);
const EXITED = Symbol("process.exit");
const port = /** @type {import("node:worker_threads").MessagePort} */ (parentPort);
const observer = Reflect.get(WebAssembly.Module, Symbol.for("stackswitch.observe"));
const [node] = process.argv;
const ours = { listeners: listenersNow(), globals: new Set(Reflect.ownKeys(globalThis)), handles: new Set() };
const leave = process.exit;
let runs = 0;
let folder = process.env.STACKSWITCH_TRACE;
/** @type {Running | null} */
let running = null;
let idle = true;

for (const name of /** @type {const} */ (["stdout", "stderr"])) {
  /** @type {any} */
  const stream = process[name];
  stream._writev = null;
  stream._write = (/** @type {any} */ chunk, /** @type {BufferEncoding} */ encoding, /** @type {() => void} */ done) => {
    print(name, typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk);
    done();
  };
}

/** @type {(name: "stdout" | "stderr", chunk: Buffer) => void} */
function print(name, chunk) {
  if (running === null) return; // it has ended, and would be dead
  running[name].push(chunk);
  running.size += chunk.length;
  if (running.size > workerData.most) giveUp();
}

function listenersNow() {
  return new Map(process.eventNames().map((event) => [event, new Set(process.rawListeners(event))]));
}

/** Listeners that were not there before the script. */
function* added() {
  for (const event of process.eventNames()) {
    for (const listener of process.rawListeners(event)) {
      if (!ours.listeners.get(event)?.has(listener)) yield { event, listener: /** @type {() => void} */ (listener) };
    }
  }
}

/** @param {{script: string, args: string[], env: Record<string, string>}} request */
function run({ script, args, env }) {
  const path = resolve(script);
  idle = false;
  /** @type {Running} */
  const mine = { stdout: [], stderr: [], size: 0 };
  running = mine;
  for (const name of Object.keys(process.env)) if (!Object.hasOwn(env, name)) delete process.env[name];
  Object.assign(process.env, env);
  process.argv = [node, path, ...args];
  process.exitCode = undefined;
  ours.handles = new Set(process._getActiveHandles());
  if (env.STACKSWITCH_TRACE !== folder) observer?.begin((folder = env.STACKSWITCH_TRACE));
  delete require.cache[path];
  const url = pathToFileURL(path);
  if (runs++ > 0) url.searchParams.set("run", String(runs)); // the same module again, evaluated anew
  const loaded = import(url.href);
  port.unref();
  loaded.then(() => (mine.loaded = true), (error) => error === EXITED || (running === mine && giveUp()));
}

/** The script is at its end, as a process would be. */
function end() {
  try {
    if (running !== null) finish(running);
  } catch {
    giveUp();
  }
}

/** @param {Running} ended */
function finish(ended) {
  for (const { event, listener } of added()) if (event === "exit") Reflect.apply(listener, process, [process.exitCode ?? 0]);
  running = null;
  const status = process.exitCode ?? 0;
  observer?.end(status);
  const [stdout, stderr] = [ended.stdout, ended.stderr].map((chunks) => Buffer.concat(chunks));
  port.postMessage({ ended: { status, stdout, stderr } });
  for (const { event, listener } of added()) process.removeListener(event, listener);
  for (const key of Reflect.ownKeys(globalThis)) if (!ours.globals.has(key)) Reflect.deleteProperty(globalThis, key);
  for (const handle of process._getActiveHandles()) if (!ours.handles.has(handle)) (handle.destroy ?? handle.close)?.call(handle);
}

function giveUp() {
  running = null;
  port.postMessage({ ended: { status: null } });
  leave.call(process, 1);
}

process.exit = (/** @type {number | string | null | undefined} */ status) => {
  if (running === null) throw EXITED;
  if (status !== undefined) process.exitCode = status;
  end();
  throw EXITED;
};
// What else is thrown and nobody catches is the end of it, in Node's own words: let a process say them.
process.setUncaughtExceptionCaptureCallback((error) => error === EXITED || running === null || giveUp());
process.on("beforeExit", () => {
  if (running !== null) {
    if (!running.loaded) return giveUp(); // it waits at its top level for what will not come
    if (process.listenerCount("beforeExit") > (ours.listeners.get("beforeExit")?.size ?? 0)) return giveUp();
    end();
  }
  if (idle) return;
  idle = true;
  port.ref();
  port.postMessage({ ready: true });
});
ours.listeners = listenersNow();
port.on("message", run);
