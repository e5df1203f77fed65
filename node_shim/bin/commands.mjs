// Runs Node programs one after another, each as a Worker: what the engine has compiled of a module stays for the next.
//
//   node commands.mjs FD
//
// A request (docs/wire-protocol.md, "Commands"): {"script", "args", "cwd", "env", "hold": [files of modules], "kept": whether the
// Worker may take another script after it, "stack_mb", "most_stdout"}. The answer: {"status"}, null: it has to run by itself;
// its parts are what it printed on standard output and error. One at a time.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Worker } from "node:worker_threads";

import { serveRequests } from "../wire/connection.mjs";

const MOST_RUNS = 25; // of a Worker that is kept: what its scripts leave behind adds up
const READY_MS = 200;
const KEPT = new URL("../commands/reused-worker.mjs", import.meta.url);
let held = new Map(); // V8 shares a module's code between Workers while one of its users lives
let kept = null; // the Worker that takes one script after another, and what is known of it

async function hold(paths) {
  const modules = await Promise.all(paths.map(async (path) => [path, held.get(path) ?? (await WebAssembly.compile(readFileSync(path)))]));
  held = new Map(modules);
}

/** Start a Worker; what it prints itself is passed to `print(name, chunk)`. */
function start(script, { env, stack_mb: stackSizeMb }, args, workerData, print) {
  const worker = new Worker(script, { argv: args, env, workerData, stdin: true, stdout: true, stderr: true, resourceLimits: { stackSizeMb } });
  worker.stdin.end();
  for (const name of ["stdout", "stderr"]) worker[name].on("data", (chunk) => print(name, chunk));
  worker.on("error", (error) => print("stderr", Buffer.from(`${error?.stack ?? error}\n`)));
  return worker;
}

function runOnce(request) {
  return new Promise((done) => {
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

/** What of a request holds for all runs of a Worker: it is read when that starts. */
function lasting({ env, stack_mb: stackMb, most_stdout: most }) {
  const names = Object.keys(env).filter((name) => name === "NODE_OPTIONS" || (name.startsWith("STACKSWITCH_") && name !== "STACKSWITCH_TRACE"));
  return JSON.stringify([stackMb, most, names.sort().map((name) => [name, env[name]])]);
}

function startKept(request) {
  const made = { lasting: lasting(request), runs: 0, gone: false, strayed: false, ended: null, ready: Promise.resolve(true) };
  made.worker = start(KEPT, request, [], { most: request.most_stdout }, () => (made.strayed = true));
  made.worker.on("message", ({ ended, ready }) => {
    if (ended) made.ended(ended);
    if (ready) made.isReady(true);
  });
  made.worker.on("exit", () => {
    made.gone = true;
    made.ended({ status: null });
    made.isReady(false);
  });
  return made;
}

async function runKept(request) {
  const fits = kept?.lasting === lasting(request) && kept.runs < MOST_RUNS && (await kept.ready) && !kept.gone;
  if (!fits) {
    void kept?.worker.terminate(); // not waited for: that was seen to take seconds
    kept = startKept(request);
  }
  const mine = kept;
  mine.runs++;
  const ended = new Promise((done) => (mine.ended = done));
  const ready = new Promise((done) => (mine.isReady = done));
  mine.worker.postMessage({ script: request.script, args: request.args, env: request.env });
  const answer = await ended;
  mine.ready = Promise.race([ready, new Promise((done) => setTimeout(done, READY_MS, false))]);
  return mine.strayed ? { status: null } : answer;
}

async function run(request) {
  process.chdir(request.cwd);
  const { status, stdout = "", stderr = "" } = await (request.kept ? runKept(request) : runOnce(request));
  return { status, parts: [Buffer.from(stdout), Buffer.from(stderr)] };
}

serveRequests(process.argv[2], async (request) => {
  await hold(request.hold);
  return await run(request);
});
