const { Worker, isMainThread } = require("node:worker_threads");
const { compiled, show } = require("./guests.cjs");
if (isMainThread) {
  const worker = new Worker(__filename);
  worker.on("error", (e) => show("error", [e.name, e.message, e.stack.split("\n").length]));
  worker.on("exit", (status) => show("exit", status));
} else {
  new WebAssembly.Instance(compiled("jspi"), { env: { wait: () => 1, plain: () => 1 } }).exports.trap();
}
