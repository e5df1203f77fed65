const { asyncify, runAsyncify, show } = require("./guests.cjs");
const { openSync, closeSync, fstatSync, readFileSync, writeSync } = require("node:fs");
const first = openSync(__filename);
(async () => {
  // A program that closes what it has not opened, as a daemon does.
  const closed = [];
  for (let fd = first; fd < first + 20; fd++) try { closeSync(fd); closed.push(fd - first); } catch {}
  show("closed", closed);
  const own = openSync(`${process.env.SCRATCH}/own.txt`, "w");
  show("run", await runAsyncify(asyncify().exports, 1));
  writeSync(own, "mine\n");
  show("content", readFileSync(`${process.env.SCRATCH}/own.txt`, "utf8"));
})();
