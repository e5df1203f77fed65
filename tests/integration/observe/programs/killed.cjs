process.on("exit", () => console.log("never"));
require("node:fs").writeSync(1, "before\n");
process.kill(process.pid, "SIGTERM");
setTimeout(() => {}, 1000);
