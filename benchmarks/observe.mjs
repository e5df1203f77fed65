// What observing costs: a guest that waits N times under a stack of 2, 25 or 100 frames, with and without the observer.
//
//     node benchmarks/observe.mjs [--rounds 7]
//
// Node 24.20 or later (JSPI without a flag). Each round is a process of its own for each way, in alternation, because
// the observer is a preload. Waits: a promise that is settled already (the least that a suspension can cost), a turn of
// the event loop, a read of 1 kB by another thread, a timer of 1 ms. "Nothing waits": calls of the Suspending import that
// return no promise; then, each awaited, calls of a promising and of a plain export. The guest's answer is checked.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/*
(module (import "env" "wait" (func $wait (param i32) (result i32)))
  (func $loop (param $count i32) (result i32) (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (call $wait (local.get $count))))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $again (local.get $count)))
    (local.get $sum))
  (func $down (export "run") (param $depth i32) (param $count i32) (result i32)
    (if (result i32) (i32.gt_u (local.get $depth) (i32.const 2))
      (then (call $down (i32.sub (local.get $depth) (i32.const 1)) (local.get $count)))
      (else (call $loop (local.get $count))))))
*/
const GUEST = "0061736d01000000010c0260017f017f60027f7f017f020c0103656e760477616974000003030200010707010372756e00020a38021d01017f03402001200010006a2101200041016b210020000d000b20010b1800200041024b047f200041016b2001100205200110010b0b0047046e616d6501130300047761697401046c6f6f700204646f776e021f0201020005636f756e74010373756d0202000564657074680105636f756e74030a0101010005616761696e";

const file = fileURLToPath(import.meta.url);
const preload = fileURLToPath(new URL("../node_shim/observe.cjs", import.meta.url));
const WAITS = {
  "nothing waits": { count: 1_000_000, wait: (n) => n & 1 },
  "settled promise": { count: 20_000, wait: (n) => Promise.resolve(n & 1) },
  "turn of the loop": { count: 10_000, wait: (n) => new Promise((done) => setImmediate(done, n & 1)) },
  "read of a file": { count: 2_000, wait: (n) => readFile(file).then(() => n & 1) },
  "timer of 1 ms": { count: 300, wait: (n) => new Promise((done) => setTimeout(done, 1, n & 1)) },
};
const DEPTHS = [2, 25, 100];

/** In a child: µs per wait, by kind of wait and depth; the first tenth is not timed. */
async function measure() {
  const took = {};
  for (const [name, { count, wait }] of Object.entries(WAITS)) {
    const env = { wait: new WebAssembly.Suspending(wait) };
    const { instance } = await WebAssembly.instantiate(Buffer.from(GUEST, "hex"), { env });
    const run = WebAssembly.promising(instance.exports.run);
    for (const depth of DEPTHS) {
      await run(depth, Math.ceil(count / 10));
      const started = process.hrtime.bigint();
      const result = await run(depth, count);
      took[`${name}/${depth}`] = Number(process.hrtime.bigint() - started) / count / 1000;
      if (result !== count / 2) throw new Error(`wrong result: ${result}`);
    }
  }
  const { instance } = await WebAssembly.instantiate(Buffer.from(GUEST, "hex"), { env: { wait: () => 0 } });
  took["promising call/2"] = await perCall(WebAssembly.promising(instance.exports.run));
  took["plain call/2"] = await perCall(instance.exports.run);
  return took;
}

async function perCall(run) {
  const count = 200_000;
  let started;
  for (let i = -count / 10; i < count; i++) {
    if (i === 0) started = process.hrtime.bigint();
    await run(2, 1);
  }
  return Number(process.hrtime.bigint() - started) / count / 1000;
}

function child(environment) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...process.execArgv, file, "--child"], {
    env: { ...process.env, ...environment },
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** Noise only adds. */
const best = (numbers) => Math.min(...numbers);

function compare(rounds) {
  const scratch = mkdtempSync(join(tmpdir(), "observe-"));
  const observed = { NODE_OPTIONS: `--require ${preload}`, STACKSWITCH_TRACE: scratch };
  const ways = {
    plain: {},
    observed,
    "one in 16": { ...observed, STACKSWITCH_TRACE_SAMPLE: "16", STACKSWITCH_TRACE_SAMPLE_FIRST: "100" },
  };
  const times = Object.fromEntries(Object.keys(ways).map((way) => [way, []]));
  try {
    for (let round = 0; round < rounds; round++) for (const way of Object.keys(ways)) times[way].push(child(ways[way]));
  } finally {
    rmSync(scratch, { recursive: true });
  }
  console.log(`µs per wait (best of ${rounds} rounds; ratio to plain), Node ${process.versions.node}\n`);
  console.log("| wait | frames | plain | observed | | one in 16 | |\n|---|---|---|---|---|---|---|");
  for (const key of Object.keys(times.plain[0])) {
    const [plain, ...others] = Object.values(times).map((all) => best(all.map((each) => each[key])));
    const cells = others.map((each) => `${each.toFixed(3)} | ×${(each / plain).toFixed(2)}`);
    console.log(`| ${key.replace("/", " | ")} | ${plain.toFixed(3)} | ${cells.join(" | ")} |`);
  }
}

if (process.argv.includes("--child")) console.log(JSON.stringify(await measure()));
else {
  const at = process.argv.indexOf("--rounds");
  compare(at > 0 ? Number(process.argv[at + 1]) : 7);
}
