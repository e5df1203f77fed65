// The child that runs cases for the Python side: `node FLAGS cases.mjs FD`, FD an open socket.
// What is said on it: docs/wire-protocol.md, "Cases". Standard input and output are not used.

import { AsyncLocalStorage } from "node:async_hooks";

import { AsyncifySwitching } from "../case/asyncify.mjs";
import { runCase } from "../case/interpreter.mjs";
import { JspiSwitching } from "../jspi/switching.mjs";
import { serveRequests } from "../transport/connection.mjs";
import { KIND } from "../transport/frames.mjs";

const storage = new AsyncLocalStorage();
/** @type {import("../case/plan.d.ts").CallContext} */
const calls = { run: (call, action) => storage.run(call, action), current: () => storage.getStore() };

/** @type {(plan: import("../case/plan.d.ts").CasePlan) => import("../case/plan.d.ts").Environment} */
function environmentFor(plan) {
  const { asyncify } = plan;
  return { switching: asyncify ? new AsyncifySwitching(asyncify) : new JspiSwitching(), calls };
}

// A guest's abandoned calls may fail when nobody listens any more.
process.on("unhandledRejection", () => {});

const writer = serveRequests(process.argv[2], async ({ type, plan, modules }, parts) => {
  if (type === "ping") return {};
  if (type !== "run") throw new Error(`unknown request ${type}`);
  writer.message(KIND.EVENT, 0, { type: "begun" });
  writer.flush(); // the case may end the engine
  const binaries = new Map(Object.entries(modules).map(([name, place]) => [name, parts[place]]));
  return await runCase(plan, binaries, environmentFor(plan));
});
