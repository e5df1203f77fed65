// Calls that overlap on one instance of a C program, each with a C stack of its own and all on one: how many lose data, and
// what the adapters cost.
//
//     node benchmarks/concurrent.mjs [--rounds 7]
//
// Node 24.20 or later (24.0 to 24.19 want --experimental-wasm-jspi). The module is guests/cstack/main.c: `rounds(n)` keeps an array of
// 64 words on its stack across n waits and returns how many words were no longer what they had been; `sized(n)` waits once.
// Lost data: waits of 0 to 4 ms. Cost: promises that are settled already, so that the switch is all there is; both ways in
// alternation, the best of the rounds, by CPU time, on which other programs tell less.

import { readFileSync } from "node:fs";

import { JspiSwitching } from "../node_shim/jspi/switching.mjs";

const bytes = readFileSync(new URL("../stackswitch/suite/cases/c-stack/cstack-exported.wasm", import.meta.url));
const WAYS = { "on one stack": false, "a stack each": true };

function open(separate, wait) {
  const switching = new JspiSwitching({ separate });
  const { exports } = switching.instantiate(switching.compile(bytes), { env: { wait: switching.suspending(wait) } });
  const pointer = exports.__stack_pointer;
  return { pointer, top: pointer.value, rounds: switching.promising(exports.rounds), sized: switching.promising(exports.sized) };
}

const atOnce = (count, call) => Promise.allSettled(Array.from({ length: count }, call));

async function lost(separate, count) {
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) % 5;
  const { rounds } = open(separate, () => new Promise((resolve) => setTimeout(resolve, random(), 0)));
  const ended = await atOnce(count, () => rounds(10));
  return ended.filter(({ status, value }) => status === "rejected" || value !== 0).length;
}

async function cost(separate, count, waits) {
  const { pointer, top, rounds, sized } = open(separate, async () => 0);
  const run = waits === 1 ? () => sized(16) : () => rounds(waits);
  const times = Math.max(1, Math.round(100_000 / (count * waits)));
  const started = process.cpuUsage();
  for (let time = 0; time < times; time++) {
    await atOnce(count, run);
    pointer.value = top; // on one stack it leaks with every round, until calls trap
  }
  const { user, system } = process.cpuUsage(started);
  return ((user + system) * 1000) / (times * count * waits);
}

console.log(`node ${process.versions.node}\n\n| calls at once, 10 waits each | lose data on one stack | with a stack each |\n|---|---|---|`);
for (const count of [2, 10, 200]) console.log(`| ${count} | ${await lost(false, count)} | ${await lost(true, count)} |`);

const at = process.argv.indexOf("--rounds");
const repeats = at > 0 ? Number(process.argv[at + 1]) : 7;
console.log(`\n| ns of CPU a wait, best of ${repeats} rounds | ${Object.keys(WAYS).join(" | ")} | ratio |\n|---|---|---|---|`);
for (const [count, waits] of [[1, 1], [1, 1000], [10, 100], [200, 10]]) {
  const least = Object.fromEntries(Object.keys(WAYS).map((way) => [way, Infinity]));
  for (let round = 0; round < repeats; round++) {
    for (const [way, separate] of Object.entries(WAYS)) least[way] = Math.min(least[way], await cost(separate, count, waits));
  }
  const [one, each] = Object.values(least);
  console.log(`| ${count} at once, ${waits} waits each | ${one.toFixed(0)} | ${each.toFixed(0)} | ×${(each / one).toFixed(2)} |`);
}
