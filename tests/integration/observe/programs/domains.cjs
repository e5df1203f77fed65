// node:domain puts another `emit` into all event emitters.
const domain = require("node:domain");
const { compiled, show } = require("./guests.cjs");
const own = domain.create();
own.on("error", (e) => show("domain", [e.message, e.domainThrown]));
process.on("exit", (status) => show("exit", status));
show("emit", [process.emit === process.emit, process.emit.name, process.emit.length]);
own.run(() => setTimeout(() => new WebAssembly.Instance(compiled("jspi"), { env: { wait: () => 1, plain: () => 1 } }).exports.trap(), 1));
setTimeout(() => show("goes on", 1), 20);
