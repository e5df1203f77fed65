const text = require("node:fs").readFileSync(0, "utf8");
console.log(JSON.stringify(text), process.stdin.isTTY, process.stdout.isTTY, process.stdout.writableLength);
console.error("to stderr");
