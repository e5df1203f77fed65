// The child that the library's guests live in: `node FLAGS guest.mjs FD BLOCKING_FD`, both open sockets.
// What is said on them: docs/wire-protocol.md, "Guests". On the second one only the functions that do not wait are asked
// for, and the guest stands still meanwhile.

import net from "node:net";

import { GuestInstance } from "./guest/instance.mjs";
import { answerMemory, BlockingLink } from "./guest/blocking.mjs";
import { Frames, OP, Outgoing } from "./guest/frames.mjs";
import { concurrentJspi } from "./concurrent.mjs";
import { hasJspi } from "./jspi.mjs";

const PROTOCOL = 1;

Error.stackTraceLimit = 50; // of what waits and of what traps, the innermost frames

const socket = new net.Socket({ fd: Number(process.argv[2]), readable: true, writable: true });
const outgoing = new Outgoing((data) => socket.write(data));
const modules = new Map();
const instances = new Map();
const calls = new Map();
const world = { outgoing, calls, blocking: new BlockingLink(Number(process.argv[3]), instances) };

function take(op, view, at, end) {
  switch (op) {
    case OP.RESULT:
      calls.get(view.getUint32(at, true))?.resume(view, at + 4);
      return undefined;
    case OP.CALL:
      instances.get(view.getUint32(at, true)).begin(view, at + 4);
      return undefined;
    case OP.CALL_NOW:
      instances.get(view.getUint32(at, true)).callNow(view, at + 4, outgoing);
      return undefined;
    case OP.ABANDON:
      return calls.get(view.getUint32(at, true))?.abandon();
    case OP.REJECT:
      // What comes after this frame finds the guest unwound.
      return calls.get(view.getUint32(at, true))?.abandon(view.getUint32(at + 4, true));
    case OP.READ:
    case OP.WRITE:
      answerMemory(op, view, at, end, instances, outgoing);
      return undefined;
    case OP.REQUEST:
      return request(view, at, end);
    default:
      throw new Error(`unknown frame ${op}`);
  }
}

async function request(view, at, end) {
  const id = view.getUint32(at, true);
  const size = view.getUint32(at + 4, true);
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  let answer;
  try {
    const message = JSON.parse(new TextDecoder().decode(bytes.subarray(at + 8, at + 8 + size)));
    answer = (await REQUESTS[message.type](message, bytes.slice(at + 8 + size, end))) ?? {};
  } catch (error) {
    answer = { problem: String(error?.message ?? error) };
  }
  outgoing.json(OP.ANSWER, id, answer);
}

const REQUESTS = {
  compile({ module, concurrent }, bytes) {
    const switching = concurrentJspi({ separate: concurrent });
    modules.set(module, { module: switching.compile(bytes), switching });
  },
  async instantiate(plan) {
    const instance = new GuestInstance(world, plan);
    const failure = await instance.instantiate(modules);
    if (failure === null) instances.set(plan.instance, instance);
    return { failure, size: instance.memorySize };
  },
  grow({ instance, memory, pages }) {
    return instances.get(instance).grow(memory, pages);
  },
  global({ instance, name, value }) {
    return instances.get(instance).global(name, value);
  },
  output({ instance }) {
    return instances.get(instance)?.output() ?? {};
  },
  drop({ instance }) {
    instances.delete(instance);
  },
};

const frames = new Frames(take);
socket.on("data", (chunk) => frames.push(chunk));
socket.on("error", () => process.exit(0));
socket.on("end", () => process.exit(0));
process.on("unhandledRejection", () => {});

outgoing.json(OP.HELLO, 0, {
  protocol: PROTOCOL,
  engine: "node",
  version: process.versions.node,
  jspi: hasJspi(),
  pid: process.pid,
});
