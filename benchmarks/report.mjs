// What a build that reports costs a wait: the same build, with and without the hook, at several depths.
//
// Usage: node benchmarks/report.mjs BUILD.wasm [--rounds N]. The build is made of benchmarks/report.wat by
// `stackswitch instrument --report`. Prints µs for a wait (unwind, a turn of the microtask queue, rewind).

import { readFileSync } from "node:fs";
import { install } from "../node_shim/report.mjs";

const bytes = readFileSync(process.argv[2]);
const rounds = Number(process.argv[4] ?? 9);
const COUNT = 3000;

async function instance() {
  const host = { state: 0 };
  const wait = (value) => {
    if (host.state === 2) {
      host.exports.asyncify_stop_rewind();
      host.state = 0;
      return value;
    }
    host.state = 1;
    host.exports.asyncify_start_unwind(16);
    return 0;
  };
  host.exports = (await WebAssembly.instantiate(bytes, { env: { wait } })).instance.exports;
  const view = new DataView(host.exports.memory.buffer);
  return async (depth) => {
    view.setInt32(16, 32, true);
    view.setInt32(20, 60000, true);
    let value = host.exports.main(depth);
    while (host.state === 1) {
      host.exports.asyncify_stop_unwind();
      await null;
      host.state = 2;
      host.exports.asyncify_start_rewind(16);
      value = host.exports.main(depth);
    }
    if (value !== depth) throw new Error(`wrong: ${value}`);
  };
}

const plain = await instance();
install({ report: (line) => { throw new Error(JSON.stringify(line)); } });
const watched = await instance();
console.log("| frames | without the hook | with it | beyond |\n|---|---|---|---|");
for (const depth of [1, 25, 100]) {
  const best = [Infinity, Infinity];
  for (let round = 0; round < rounds; round++) {
    for (const [at, call] of [plain, watched].entries()) {
      const started = performance.now();
      for (let each = 0; each < COUNT; each++) await call(depth);
      best[at] = Math.min(best[at], ((performance.now() - started) * 1000) / COUNT);
    }
  }
  console.log(`| ${depth + 1} | ${best[0].toFixed(1)} | ${best[1].toFixed(1)} | ${(best[1] - best[0]).toFixed(1)} |`);
}
