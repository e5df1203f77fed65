const { Worker, isMainThread, parentPort, workerData, threadId } = require("node:worker_threads");
const { bytes, compiled, asyncify, asyncifyImports, runAsyncify, show } = require("./guests.cjs");
if (isMainThread) {
  const worker = new Worker(__filename, { workerData: compiled("asyncify"), argv: ["a"], env: { ...process.env, MORE: "1" } });
  worker.on("message", (m) => show("message", m));
  worker.on("error", (e) => show("error", [e.name, e.message]));
  worker.on("exit", (status) => show("exit", status));
} else {
  process.on("exit", (status) => parentPort.postMessage(["exit", status]));
  const i = new WebAssembly.Instance(workerData, asyncifyImports(() => i.exports));
  runAsyncify(i.exports, 1).then((n) => {
    parentPort.postMessage([n, threadId, process.argv.slice(2), process.env.MORE, workerData instanceof WebAssembly.Module, process.listenerCount("exit"), Reflect.ownKeys(globalThis).length]);
    process.exit(3);
  });
}
