// The child that runs cases for the Python side: `node FLAGS cases.mjs FD`, FD an open socket.
// What is said on it: docs/wire-protocol.md. Standard input and output are not used.

import { AsyncLocalStorage } from "node:async_hooks";
import net from "node:net";

import { AsyncifySwitching } from "../case/asyncify.mjs";
import { runCase } from "../case/interpreter.mjs";
import { failureText } from "../errors/failure.mjs";
import { hasJspi, JspiSwitching } from "../jspi/switching.mjs";
import { encodeFrame, FrameReader } from "../wire/messages.mjs";

const PROTOCOL = 1;

const storage = new AsyncLocalStorage();
/** @type {import("../case/plan.d.ts").CallContext} */
const calls = { run: (call, action) => storage.run(call, action), current: () => storage.getStore() };

/**
 * @param {import("../case/plan.d.ts").CasePlan} plan
 * @returns {import("../case/plan.d.ts").Environment}
 */
function environmentFor(plan) {
  const { asyncify, separate_stacks: separate } = plan;
  return { switching: asyncify ? new AsyncifySwitching(asyncify) : new JspiSwitching({ separate }), calls };
}

const socket = new net.Socket({ fd: Number(process.argv[2]), readable: true, writable: true });
const reader = new FrameReader();
const send = (message, attachments) => socket.write(encodeFrame(message, attachments));

async function answer(message, attachments) {
  if (message.type === "ping") return { type: "pong", id: message.id };
  if (message.type !== "run") throw new Error(`unknown message ${message.type}`);
  send({ type: "begun", id: message.id });
  const binaries = new Map(message.modules.map(({ name, attachment }) => [name, attachments[attachment]]));
  return { type: "seen", id: message.id, seen: await runCase(message.plan, binaries, environmentFor(message.plan)) };
}

socket.on("data", (chunk) => {
  for (const [message, attachments] of reader.push(chunk)) {
    answer(message, attachments)
      .catch((error) => ({ type: "failed", id: message.id, message: failureText(error) }))
      .then(send);
  }
});
socket.on("error", () => process.exit(0));
socket.on("end", () => process.exit(0));
// A guest's abandoned calls may fail when nobody listens any more.
process.on("unhandledRejection", () => {});

send({
  type: "hello",
  protocol: PROTOCOL,
  engine: "node",
  version: process.versions.node,
  jspi: hasJspi(),
  pid: process.pid,
});
