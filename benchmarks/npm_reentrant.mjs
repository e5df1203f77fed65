// node benchmarks/npm_reentrant.mjs MODULE GLUE [OPTIONS]: what it takes to make a module re-entrant by the npm package. OPTIONS are more of
// `makeReentrant`, as JSON.

import { readFileSync } from "node:fs";

import { makeReentrant } from "../node_shim/reentrant.mjs";

const [file, glueFile, more = "{}"] = process.argv.slice(2);
const bytes = readFileSync(file);
const glue = readFileSync(glueFile, "utf8");
const before = process.cpuUsage();
const { maxRSS: rssBefore } = process.resourceUsage();
const { wasm } = makeReentrant(bytes, { glue, ...JSON.parse(more) });
const { user, system } = process.cpuUsage(before);
const { maxRSS } = process.resourceUsage();
console.log(`${bytes.length} bytes, ${wasm.length} made: ${((user + system) / 1e6).toFixed(2)} s of CPU, ${Math.round(maxRSS / 1024)} MiB at most, ${Math.round(rssBefore / 1024)} MiB before`);
