process.on("warning", (w) => console.log("warning", w.name));
console.log(process.eventNames(), process.listenerCount("exit"), process.listenerCount("uncaughtExceptionMonitor"), process.listeners("exit"), process.getMaxListeners());
console.log(process.emit.name, process.emit.length, process.emit.toString().length, Object.hasOwn(process, "emit"), process.emit === process.emit);
for (let n = 0; n < 10; n++) process.on("exit", (status) => console.log("exit", n, status, new Error().stack.split("\n").slice(2)));
process.removeAllListeners("uncaughtExceptionMonitor");
console.log(process.emit("mine", 1), process.emit("exit", 3));
