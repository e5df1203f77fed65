// Runs Lua programs one after another, each in an instance of its own, for `stackswitch explore`: a program a line on
// standard input ({"id", "program"}), an answer a line on standard output ({"id", "ok", "detail"}).
//
//   stackswitch explore "node examples/lua/explore/generate.mjs" -- node examples/lua/explore/runner.mjs
import { createInterface } from "node:readline";

import { runLua } from "./lua.mjs";

const wait = (value) => new Promise((resolve) => setImmediate(resolve, value));

for await (const line of createInterface({ input: process.stdin })) {
  const { id, program } = JSON.parse(line);
  let detail = "";
  try {
    await runLua(program, wait);
  } catch (error) {
    detail = String(error?.stack ?? error);
  }
  process.stdout.write(`${JSON.stringify({ id, ok: detail === "", detail })}\n`);
}
