process.on("exit", (status) => console.log("exit", status));
await new Promise(() => {});
