const { compiled } = require("./guests.cjs");
process.on("exit", (status) => console.log("exit", status, process.exitCode));
const { exports: guest } = new WebAssembly.Instance(compiled("jspi"), { env: { wait: () => 1, plain: () => 1 } });
guest.trap();
