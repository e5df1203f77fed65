const { compiled } = require("./guests.cjs");
process.on("uncaughtExceptionMonitor", (e, origin) => console.log("monitor", e.message, origin));
process.on("uncaughtException", (e, origin) => { console.log("caught", e.message, origin); process.exitCode = 5; });
process.on("exit", (status) => console.log("exit", status));
const { exports: guest } = new WebAssembly.Instance(compiled("jspi"), { env: { wait: () => 1, plain: () => 1 } });
setTimeout(() => guest.trap(), 1);
setTimeout(() => console.log("goes on"), 5);
