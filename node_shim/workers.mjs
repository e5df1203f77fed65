// Runs Node programs one after another, each as a Worker: what the engine has compiled of a module stays for the next.
//
//   node workers.mjs FD
//
// A frame, either way: u32 length (little-endian), then JSON. A request: {"script", "args", "cwd", "env", "hold": [files of modules],
// "stack_mb", "most_stdout"}. The answer: {"status", "stdout", "stderr"} (base64), status null: it printed too much. One at a time.
// When the socket closes, this ends.

import { readFileSync } from "node:fs";
import net from "node:net";
import { resolve } from "node:path";
import { Worker } from "node:worker_threads";

const PREFIX_BYTES = 4;
const socket = new net.Socket({ fd: Number(process.argv[2]), readable: true, writable: true });
let held = new Map(); // V8 shares a module's code between Workers while one of its users lives

async function hold(paths) {
  const modules = await Promise.all(paths.map(async (path) => [path, held.get(path) ?? (await WebAssembly.compile(readFileSync(path)))]));
  held = new Map(modules);
}

function run({ script, args, cwd, env, stack_mb: stackSizeMb, most_stdout: most }) {
  process.chdir(cwd);
  return new Promise((done) => {
    const printed = { stdout: [], stderr: [] };
    let size = 0;
    let tooMuch = false;
    const worker = new Worker(resolve(script), { argv: args, env, stdin: true, stdout: true, stderr: true, resourceLimits: { stackSizeMb } });
    worker.stdin.end();
    worker.stdout.on("data", (chunk) => {
      printed.stdout.push(chunk);
      size += chunk.length;
      if (size <= most || tooMuch) return;
      tooMuch = true;
      worker.terminate();
    });
    worker.stderr.on("data", (chunk) => printed.stderr.push(chunk));
    worker.on("error", (error) => printed.stderr.push(Buffer.from(`${error?.stack ?? error}\n`)));
    worker.on("exit", (status) => {
      const [stdout, stderr] = [printed.stdout, printed.stderr].map((chunks) => Buffer.concat(chunks).toString("base64"));
      done({ status: tooMuch ? null : status, stdout, stderr });
    });
  });
}

function send(answer) {
  const body = Buffer.from(JSON.stringify(answer));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32LE(body.length, 0);
  socket.write(Buffer.concat([prefix, body]));
}

let data = Buffer.alloc(0);
let before = Promise.resolve();
socket.on("error", () => process.exit(0));
socket.on("end", () => process.exit(0)); // whatever still runs
socket.on("data", (chunk) => {
  data = Buffer.concat([data, chunk]);
  while (data.length >= PREFIX_BYTES && data.length >= PREFIX_BYTES + data.readUInt32LE(0)) {
    const end = PREFIX_BYTES + data.readUInt32LE(0);
    const request = JSON.parse(data.toString("utf8", PREFIX_BYTES, end));
    data = data.subarray(end);
    before = before.then(async () => {
      await hold(request.hold);
      send(await run(request));
    });
  }
});
