process.on("SIGTERM", (name, number) => { console.log(name, number, new Error().stack.split("\n").length); process.exit(4); });
console.log(process.listenerCount("SIGTERM"), process.eventNames().sort());
process.kill(process.pid, "SIGTERM");
setTimeout(() => {}, 1000);
