// What a thread that a guest lives in does with Python's frames (docs/wire-protocol.md, "Guests").

import { hasJspi, JspiSwitching } from "../jspi/switching.mjs";
import { answerMemory, BlockingLink } from "./blocking.mjs";
import { Frames, OP, Outgoing } from "../wire/frames.mjs";
import { GuestInstance } from "./instance.mjs";

const PROTOCOL = 1;
const STACK_LIMIT = 50; // of what waits and of what traps, the innermost frames

/**
 * Begin, and greet.
 *
 * @param write sends bytes on the first stream
 * @param blocking the second stream: `write(bytes)` sends all of them, `read(buffer, at, end)` waits and says how many came
 * @returns takes the next bytes of the first stream
 */
export function serve(write, blocking) {
  Error.stackTraceLimit = STACK_LIMIT;
  process.on("unhandledRejection", () => {});
  const outgoing = new Outgoing(write);
  const modules = new Map();
  const instances = new Map();
  const calls = new Map();
  const world = { outgoing, calls, blocking: new BlockingLink(blocking, instances) };

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
      answer = (await requests[message.type](message, bytes.slice(at + 8 + size, end))) ?? {};
    } catch (error) {
      answer = { problem: String(error?.message ?? error) };
    }
    outgoing.json(OP.ANSWER, id, answer);
  }

  const requests = {
    compile({ module, concurrent }, bytes) {
      const switching = new JspiSwitching({ separate: concurrent });
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

  outgoing.json(OP.HELLO, 0, {
    protocol: PROTOCOL,
    engine: "node",
    version: process.versions.node,
    jspi: hasJspi(),
    pid: process.pid,
  });
  const frames = new Frames(take);
  return (chunk) => frames.push(chunk);
}
