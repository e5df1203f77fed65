process.on("exit", (status) => { console.log("exit", status); process.exitCode = 9; });
process.on("beforeExit", () => console.log("beforeExit"));
process.exitCode = 7;
