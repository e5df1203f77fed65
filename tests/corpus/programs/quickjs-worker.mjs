// engines: node@20 node@24 node@26
// waits: asyncify
// Two worker threads, one after the other; the main thread has an instance too.
import { isMainThread, parentPort, threadId, Worker, workerData } from "node:worker_threads";
import variant from "@jitl/quickjs-wasmfile-release-asyncify";
import { newQuickJSAsyncWASMModuleFromVariant } from "quickjs-emscripten-core";
import { among, show, turn } from "./ticks.mjs";

async function compute(n) {
  const quickjs = await newQuickJSAsyncWASMModuleFromVariant(variant);
  const context = quickjs.newContext();
  const wait = context.newAsyncifiedFunction("wait", async (value) => context.newNumber(await turn(context.getNumber(value) * 2)));
  wait.consume((handle) => context.setProp(context.global, "wait", handle));
  const result = await context.evalCodeAsync(`[1, 2, 3].map((each) => wait(each + ${n})).join()`);
  return result.value.consume(context.dump);
}

if (isMainThread) {
  await among("main", () => compute(0));
  for (const n of [10, 20]) {
    const worker = new Worker(new URL(import.meta.url), { workerData: n });
    worker.on("message", (message) => show("message", message));
    show("exit", await new Promise((done) => worker.once("exit", done)));
  }
} else {
  parentPort.postMessage([threadId > 0, await compute(workerData)]);
}
