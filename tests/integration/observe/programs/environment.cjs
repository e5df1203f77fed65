const { show } = require("./guests.cjs");
const { spawnSync } = require("node:child_process");
const ours = (name) => name !== "NODE_OPTIONS" && !name.startsWith("STACKSWITCH_TRACE");
show("names", Object.keys(process.env).filter(ours).sort());
const child = spawnSync(process.execPath, ["-p", "JSON.stringify([process.argv.length, process.execArgv, Object.keys(process.env).length > 0])"], { encoding: "utf8" });
show("child", [child.status, child.stdout, child.stderr]);
const alone = spawnSync(process.execPath, ["-p", "JSON.stringify(process.env)"], { encoding: "utf8", env: { ONLY: "1" } });
show("own environment", [alone.status, alone.stdout, alone.stderr]);
