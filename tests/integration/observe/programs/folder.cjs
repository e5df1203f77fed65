const { asyncify, runAsyncify, show } = require("./guests.cjs");
const { readdirSync } = require("node:fs");
runAsyncify(asyncify().exports, 1).then((n) => show("run", [n, readdirSync(process.env.SCRATCH), process.cwd() === __dirname]));
