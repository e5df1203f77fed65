// Runs PHP programs one after another in one process, for `stackswitch explore`: a program a line on standard input
// ({"id", "program"}), an answer a line on standard output ({"id", "ok", "detail"}). What a program prints is thrown away:
// what counts is where it waits.
//
//   stackswitch explore "node examples/php/explore/generate.mjs" --engine node@26 -- node examples/php/explore/runner.mjs
//
// With DB_PORT (what `python3 examples/php/servers` says), MySQL is explored too.
import { createServer } from "node:http";
import { createServer as createLineServer } from "node:net";
import { createInterface } from "node:readline";

import { AS_COMMAND, newPhp } from "./php.mjs";

/** Programs after which PHP is begun anew: what they leave behind (memory, open files) does not pile up. */
const LIFE = 400;

// A sleep of a millisecond costs a timer; as a wait, the next turn of the event loop does as well.
const { setTimeout: later } = globalThis;
globalThis.setTimeout = (action, delay, ...rest) =>
  delay === undefined || delay <= 1 ? setImmediate(action, ...rest) : later(action, delay, ...rest);

const server = createServer((request, response) => {
  request.resume();
  response.setHeader("Connection", "close");
  response.end(request.url === "/empty" ? "" : `body of ${request.url}\n`);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${server.address().port}`;

const echo = createLineServer((socket) => socket.on("error", () => {}).pipe(socket));
await new Promise((resolve) => echo.listen(0, "127.0.0.1", resolve));
const fresh = () => newPhp(url, echo.address().port);

/** Run a program by PHP's command line, which has an end of its own, and an optimizer of what it compiles. */
async function asCommand(program) {
  php.writeFile("/work/program.php", program);
  const response = await php.cli(["php", "/work/program.php"]);
  await Promise.all([response.exitCode, ...[response.stdout, response.stderr].map((stream) => stream.pipeTo(new WritableStream()))]);
}

let php = await fresh();
let runs = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const { id, program } = JSON.parse(line);
  let detail = "";
  try {
    if (program.startsWith(AS_COMMAND)) {
      // A PHP of its own: a command begins with PHP's start and ends with its end.
      if (runs > 0) php = await fresh();
      runs = LIFE;
      await asCommand(program);
    } else {
      await php.run({ code: program });
    }
  } catch (error) {
    detail = String(error?.stack ?? error);
    // PHP tells of an uncaught exception by throwing; only the engine's errors leave the module unusable.
    if (/RuntimeError|SuspendError|unreachable|RangeError|Aborted/.test(detail)) runs = LIFE;
  }
  const ok = !/RuntimeError|SuspendError|unreachable|RangeError|Aborted/.test(detail);
  process.stdout.write(`${JSON.stringify({ id, ok, detail: ok ? "" : detail })}\n`);
  if (++runs >= LIFE) {
    runs = 0;
    php = await fresh();
  }
}
process.exit(0);
