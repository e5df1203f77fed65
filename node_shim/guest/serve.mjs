// What a thread that a guest lives in does with Python's frames (docs/wire-protocol.md, "Guests").

import { JspiSwitching } from "../jspi/switching.mjs";
import { answerRequest, greeting } from "../wire/connection.mjs";
import { FrameReader, FrameWriter, KIND as MESSAGE, readMessage } from "../wire/frames.mjs";
import { answerMemory, BlockingLink } from "./blocking.mjs";
import { GuestInstance } from "./instance.mjs";
import { KIND } from "./kinds.mjs";

const STACK_LIMIT = 50; // of what waits and of what traps, the innermost frames

/**
 * Begin, and greet.
 *
 * @param write sends bytes on the main stream
 * @param blocking the blocking stream: `write(bytes)` sends all of them, `read(buffer, at, end)` waits and says how many came
 * @returns takes the next bytes of the main stream
 */
export function serve(write, blocking) {
  Error.stackTraceLimit = STACK_LIMIT;
  process.on("unhandledRejection", () => {});
  const writer = new FrameWriter(write);
  const modules = new Map();
  const instances = new Map();
  const calls = new Map();
  const thread = { writer, calls, blocking: new BlockingLink(blocking, instances) };

  function take(kind, view, at, end) {
    switch (kind) {
      case KIND.HOST_RESULT:
        calls.get(view.getUint32(at, true))?.resume(view, at + 4);
        return undefined;
      case KIND.CALL:
        instances.get(view.getUint32(at, true)).begin(view, at + 4);
        return undefined;
      case KIND.CALL_NOW:
        instances.get(view.getUint32(at, true)).callNow(view, at + 4, writer);
        return undefined;
      case KIND.ABANDON:
        return calls.get(view.getUint32(at, true))?.abandon();
      case KIND.HOST_REJECT:
        // What comes after this frame finds the guest unwound.
        return calls.get(view.getUint32(at, true))?.abandon(view.getUint32(at + 4, true));
      case KIND.READ:
      case KIND.WRITE:
        answerMemory(kind, view, at, end, instances, writer);
        return undefined;
      case MESSAGE.REQUEST:
        return answerRequest(writer, readMessage(view, at), ({ type, ...request }, parts) => requests[type](request, parts));
      default:
        throw new Error(`unknown frame ${kind}`);
    }
  }

  const requests = {
    compile({ module, concurrent }, [bytes]) {
      const switching = new JspiSwitching({ separate: concurrent });
      modules.set(module, { module: switching.compile(bytes.slice()), switching });
    },
    async instantiate(plan) {
      const instance = new GuestInstance(thread, plan);
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
      return { parts: instances.get(instance)?.output() ?? [] };
    },
    drop({ instance }) {
      instances.delete(instance);
    },
  };

  writer.message(MESSAGE.HELLO, 0, greeting());
  const reader = new FrameReader(take);
  return (chunk) => reader.push(chunk);
}
