// Runs Node programs one after another, each as a Worker: what the engine has compiled of a module stays for the next.
//
//   node commands.mjs FD
//
// A request (docs/wire-protocol.md, "Commands"): {"script", "args", "cwd", "env", "modules": [files of modules whose code is to
// stay], "reuse": whether the Worker may take another script after it, "stack_mb", "most_stdout"}. The answer: {"status"},
// null: it has to run by itself; its parts are what it printed on standard output and error. One at a time.

import { readFileSync } from "node:fs";

import { runOnce, runReused } from "../commands/script-runner.mjs";
import { serveRequests } from "../transport/connection.mjs";

/** @type {Map<string, WebAssembly.Module>} V8 shares a module's code between Workers while one of its users lives */
let used = new Map();

/** @param {string[]} paths of the modules whose code is to stay */
async function compile(paths) {
  /** @type {(path: string) => Promise<[string, WebAssembly.Module]>} */
  const entry = async (path) => [path, used.get(path) ?? (await WebAssembly.compile(readFileSync(path)))];
  used = new Map(await Promise.all(paths.map(entry)));
}

serveRequests(process.argv[2], async (request) => {
  await compile(request.modules);
  process.chdir(request.cwd);
  const { status, stdout = new Uint8Array(), stderr = new Uint8Array() } = await (request.reuse ? runReused(request) : runOnce(request));
  return { status, parts: [stdout, stderr] };
});
