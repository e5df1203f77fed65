// Calls that overlap on one instance of a C program, each with a C stack of its own and all on one: how many lose data, and
// what the stacks cost. `overlapping.py` runs it with the module, the same made re-entrant, the rounds and the names of its exports.
//
// The module is guests/cstack/main.c: `rounds(n)` keeps an array of 64 words on its stack across n waits and returns how
// many words were no longer what they had been; `sized(n)` waits once. Lost data: waits of 0 to 4 ms. Cost: promises that
// are settled already, so that the switch is all there is; both ways in alternation, the best of the rounds, by CPU time,
// on which other programs tell less.

import { readFileSync } from "node:fs";

import { JspiSwitching } from "../node_shim/jspi/switching.mjs";

const [plain, reentrant, repeats, ...separate] = process.argv.slice(2);
const WAYS = {
  "on one stack": { bytes: readFileSync(plain), calls: {} },
  "a stack each": { bytes: readFileSync(reentrant), calls: { separate } },
};

function open({ bytes, calls }, wait) {
  const switching = new JspiSwitching();
  const { exports } = switching.instantiate(switching.compile(bytes), { env: { wait: switching.suspending(wait) } }, calls);
  const pointer = exports.__stack_pointer;
  return { pointer, top: pointer.value, rounds: switching.promising(exports.rounds), sized: switching.promising(exports.sized) };
}

const atOnce = (count, call) => Promise.all(Array.from({ length: count }, call));

async function lost(way, count) {
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) % 5;
  const { rounds } = open(WAYS[way], () => new Promise((resolve) => setTimeout(resolve, random(), 0)));
  let wrong = 0;
  const returned = (value) => void (value === 0 || wrong++);
  await atOnce(count, () => rounds([10], returned, () => wrong++));
  return wrong;
}

async function cost(way, count, waits) {
  const { pointer, top, rounds, sized } = open(WAYS[way], async () => 0);
  const ended = () => {};
  const run = waits === 1 ? () => sized([16], ended, ended) : () => rounds([waits], ended, ended);
  const times = Math.max(1, Math.round(100_000 / (count * waits)));
  const started = process.cpuUsage();
  for (let time = 0; time < times; time++) {
    await atOnce(count, run);
    if (way === "on one stack") pointer.value = top; // it leaks with every round, until calls trap
  }
  const { user, system } = process.cpuUsage(started);
  return ((user + system) * 1000) / (times * count * waits);
}

console.log(`node ${process.versions.node}\n\n| calls at once, 10 waits each | lose data on one stack | with a stack each |\n|---|---|---|`);
for (const count of [2, 10, 200]) console.log(`| ${count} | ${await lost("on one stack", count)} | ${await lost("a stack each", count)} |`);

console.log(`\n| ns of CPU a wait, best of ${repeats} rounds | ${Object.keys(WAYS).join(" | ")} | ratio |\n|---|---|---|---|`);
for (const [count, waits] of [[1, 1], [1, 1000], [10, 100], [200, 10]]) {
  const least = Object.fromEntries(Object.keys(WAYS).map((way) => [way, Infinity]));
  for (let round = 0; round < Number(repeats); round++) {
    for (const way of Object.keys(WAYS)) least[way] = Math.min(least[way], await cost(way, count, waits));
  }
  const [one, each] = Object.values(least);
  console.log(`| ${count} at once, ${waits} waits each | ${one.toFixed(0)} | ${each.toFixed(0)} | ×${(each / one).toFixed(2)} |`);
}
