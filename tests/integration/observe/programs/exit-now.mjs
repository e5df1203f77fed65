process.on("exit", (status) => console.log("exit", status));
setTimeout(() => process.exit(11), 1);
await new Promise(() => {});
